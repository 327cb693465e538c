-- What accounts are told in the product, and runs that their owners show to others.

-- What it is about is named by an id or a slug; the words are for people.
CREATE TABLE notifications (
    id          TEXT    NOT NULL PRIMARY KEY,
    account_id  TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    read_at     BIGINT,
    created_at  BIGINT  NOT NULL
);
CREATE INDEX notifications_account ON notifications (account_id, id);
CREATE INDEX notifications_unread ON notifications (account_id, read_at);
CREATE INDEX notifications_created ON notifications (created_at);

-- One link for a run at a time; only the SHA-256 of its token is kept.
CREATE TABLE run_shares (
    execution_id  TEXT    NOT NULL PRIMARY KEY REFERENCES agent_executions (id) ON DELETE CASCADE,
    user_id       TEXT    NOT NULL,
    hash          TEXT    NOT NULL UNIQUE,
    expires_at    BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL
);
CREATE INDEX run_shares_user ON run_shares (user_id);
CREATE INDEX run_shares_expiry ON run_shares (expires_at);

-- A user's subscriptions, ended ones too: what was spent on them.
CREATE INDEX subscriptions_user ON subscriptions (user_id);
