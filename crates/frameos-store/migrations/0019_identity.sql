-- Who is let in, by what, and what mails ask for.

-- Attempts without success, by what they are counted against: an e-mail address (also one that nobody has) or a network
-- address. Common to all processes.
CREATE TABLE throttles (
    subject        TEXT    NOT NULL PRIMARY KEY,
    failures       BIGINT  NOT NULL,
    blocked_until  BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL
);
CREATE INDEX throttles_updated ON throttles (updated_at);

-- Tokens that were mailed and not used yet; only their SHA-256 is kept.
CREATE TABLE mail_tokens (
    hash        TEXT    NOT NULL PRIMARY KEY,
    purpose     TEXT    NOT NULL,
    subject_id  TEXT    NOT NULL,
    expires_at  BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    CONSTRAINT mail_tokens_purpose_check CHECK (purpose IN ('password_reset'))
);
CREATE INDEX mail_tokens_subject ON mail_tokens (subject_id);
CREATE INDEX mail_tokens_expiry ON mail_tokens (expires_at);

-- Tokens that programs sign in with; only their SHA-256 is kept, and their beginning to tell them apart.
CREATE TABLE personal_tokens (
    id            TEXT    NOT NULL PRIMARY KEY,
    subject_id    TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    hash          TEXT    NOT NULL UNIQUE,
    shown         TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    expires_at    BIGINT,
    last_used_at  BIGINT,
    created_at    BIGINT  NOT NULL,
    CONSTRAINT personal_tokens_role_check CHECK (role IN ('developer', 'user'))
);
CREATE INDEX personal_tokens_subject ON personal_tokens (subject_id);

-- What stands in for a lost second factor, each once; only their SHA-256 is kept.
CREATE TABLE recovery_codes (
    subject_id  TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (subject_id, hash)
);

-- Where a session was opened: the program as it named itself, and its network address.
ALTER TABLE sessions ADD COLUMN client TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
