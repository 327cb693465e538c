-- The marketplace: who takes part, what they publish, and what they think of it.
-- Tables of the specification keep its names and defaults; columns after the blank line of a table are ours.

CREATE TABLE accounts (
    email           TEXT    NOT NULL PRIMARY KEY,
    role            TEXT    NOT NULL,
    subject_id      TEXT    NOT NULL UNIQUE,
    totp_secret     {BLOB|BYTEA},
    totp_confirmed  BOOLEAN NOT NULL DEFAULT FALSE,
    totp_last_step  BIGINT  NOT NULL DEFAULT 0,
    failed_logins   BIGINT  NOT NULL DEFAULT 0,
    locked_until    BIGINT,
    created_at      BIGINT  NOT NULL,
    CONSTRAINT accounts_role_check CHECK (role IN ('developer', 'user', 'admin')),
    CONSTRAINT accounts_email_check CHECK (email = lower(email))
);

CREATE TABLE developers (
    id              TEXT    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    company         TEXT,
    password_hash   TEXT    NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'active',
    verified_email  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    CONSTRAINT developers_status_check CHECK (status IN ('active', 'suspended', 'banned'))
);
CREATE INDEX developers_status ON developers (status);

CREATE TABLE users (
    id              TEXT    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'active',
    verified_email  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    CONSTRAINT users_status_check CHECK (status IN ('active', 'suspended', 'banned'))
);

CREATE TABLE admins (
    id              TEXT    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'active',
    verified_email  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    CONSTRAINT admins_status_check CHECK (status IN ('active', 'suspended', 'banned'))
);

-- A session is one chain of refresh tokens; only their SHA-256 is kept.
CREATE TABLE sessions (
    id              TEXT    NOT NULL PRIMARY KEY,
    subject_id      TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    refresh_hash    TEXT    NOT NULL UNIQUE,
    created_at      BIGINT  NOT NULL,
    refreshed_at    BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    revoked_at      BIGINT,
    revoked_reason  TEXT
);
CREATE INDEX sessions_subject ON sessions (subject_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Every token a session has retired: whoever shows one again has stolen it, or was robbed.
CREATE TABLE session_retired_hashes (
    hash            TEXT    NOT NULL PRIMARY KEY,
    session_id      TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    retired_at      BIGINT  NOT NULL
);
CREATE INDEX session_retired_hashes_session ON session_retired_hashes (session_id);

CREATE TABLE agent_definitions (
    id                TEXT    NOT NULL PRIMARY KEY,
    developer_id      TEXT    NOT NULL REFERENCES developers (id) ON DELETE CASCADE,
    name              TEXT    NOT NULL,
    slug              TEXT    NOT NULL UNIQUE,
    description       TEXT    NOT NULL,
    long_description  TEXT,
    icon_url          TEXT,
    category          TEXT    NOT NULL,
    pricing_model     TEXT    NOT NULL,
    price_amount      BIGINT  NOT NULL,
    price_currency    TEXT    NOT NULL DEFAULT 'INR',
    current_version   TEXT    NOT NULL,
    tags              TEXT    NOT NULL DEFAULT '[]',
    capabilities      TEXT    NOT NULL DEFAULT '[]',
    total_executions  BIGINT  NOT NULL DEFAULT 0,
    success_rate      DOUBLE PRECISION NOT NULL DEFAULT 0,
    avg_duration_ms   BIGINT  NOT NULL DEFAULT 0,
    rating            DOUBLE PRECISION NOT NULL DEFAULT 0,
    review_count      BIGINT  NOT NULL DEFAULT 0,
    status            TEXT    NOT NULL DEFAULT 'pending_review',
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,

    free_runs_per_month   BIGINT NOT NULL DEFAULT 0,
    succeeded_executions  BIGINT NOT NULL DEFAULT 0,
    total_duration_ms     BIGINT NOT NULL DEFAULT 0,
    search_text           TEXT   NOT NULL DEFAULT '',
    CONSTRAINT agent_definitions_price_check CHECK (price_amount >= 0),
    CONSTRAINT agent_definitions_status_check CHECK (status IN ('pending_review', 'published', 'deprecated', 'banned'))
);
CREATE INDEX agent_definitions_developer ON agent_definitions (developer_id);
CREATE INDEX agent_definitions_status ON agent_definitions (status);
CREATE INDEX agent_definitions_category ON agent_definitions (category);

CREATE TABLE agent_versions (
    id                TEXT    NOT NULL PRIMARY KEY,
    agent_id          TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    version           TEXT    NOT NULL,
    manifest          TEXT    NOT NULL,
    code_s3_key       TEXT    NOT NULL,
    code_hash         TEXT    NOT NULL,
    runtime_language  TEXT    NOT NULL DEFAULT 'nodejs',
    runtime_version   TEXT    NOT NULL DEFAULT '20',
    entrypoint        TEXT    NOT NULL DEFAULT 'index.js',
    timeout_ms        BIGINT  NOT NULL DEFAULT 300000,
    memory_mb         BIGINT  NOT NULL DEFAULT 512,
    inputs_schema     TEXT    NOT NULL,
    outputs_schema    TEXT    NOT NULL,
    scan_passed       BOOLEAN NOT NULL DEFAULT FALSE,
    scan_report       TEXT,
    status            TEXT    NOT NULL DEFAULT 'active',
    created_at        BIGINT  NOT NULL,

    packed_size          BIGINT NOT NULL DEFAULT 0,
    listing              TEXT   NOT NULL DEFAULT '{}',
    review_status        TEXT   NOT NULL DEFAULT 'pending_review',
    submitted_at         BIGINT NOT NULL,
    reviewed_by          TEXT,
    reviewed_at          BIGINT,
    review_note          TEXT,
    deprecation_message  TEXT,
    UNIQUE (agent_id, version),
    CONSTRAINT agent_versions_status_check CHECK (status IN ('active', 'deprecated')),
    CONSTRAINT agent_versions_review_check CHECK (review_status IN ('pending_review', 'approved', 'rejected'))
);
CREATE INDEX agent_versions_agent_status ON agent_versions (agent_id, status);
CREATE INDEX agent_versions_review ON agent_versions (review_status, submitted_at);

CREATE TABLE reviews (
    id          TEXT    NOT NULL PRIMARY KEY,
    agent_id    TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    user_id     TEXT    NOT NULL,
    rating      BIGINT  NOT NULL,
    title       TEXT,
    body        TEXT,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    UNIQUE (agent_id, user_id),
    CONSTRAINT reviews_rating_check CHECK (rating BETWEEN 1 AND 5)
);

-- What administrators, developers and the platform did. Append-only.
CREATE TABLE audit_log (
    id       TEXT    NOT NULL PRIMARY KEY,
    at       BIGINT  NOT NULL,
    actor    TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    detail   TEXT    NOT NULL
);
CREATE INDEX audit_log_subject ON audit_log (subject, id);

{|CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_TABLE_NAME || ' is append-only';
END $$;
}
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    {BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    {BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
