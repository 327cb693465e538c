-- Webhooks: where a user wants to be told of the ends of runs, and what became of telling it.

CREATE TABLE webhooks (
    id                TEXT    NOT NULL PRIMARY KEY,
    user_id           TEXT    NOT NULL,
    -- Encrypted: many receivers' URLs are their password.
    url               {BLOB|BYTEA} NOT NULL,
    description       TEXT    NOT NULL,
    -- JSON: names of events.
    events            TEXT    NOT NULL,
    -- Encrypted; the old secret signs too until its time is over.
    secret            {BLOB|BYTEA} NOT NULL,
    old_secret        {BLOB|BYTEA},
    old_secret_until  BIGINT,
    -- NULL: deliveries are made.
    disabled          TEXT,
    -- Since when no delivery has succeeded; NULL when the last one did.
    failing_since     BIGINT,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    CONSTRAINT webhooks_disabled_check CHECK (disabled IN ('owner', 'gone', 'failing'))
);
CREATE INDEX webhooks_user ON webhooks (user_id);

CREATE TABLE webhook_deliveries (
    id            TEXT    NOT NULL PRIMARY KEY,
    webhook_id    TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    user_id       TEXT    NOT NULL,
    -- The receiver's key against duplicates: the same for every try and every webhook.
    event_id      TEXT    NOT NULL,
    event         TEXT    NOT NULL,
    execution_id  TEXT,
    -- What is sent, to the byte.
    payload       TEXT    NOT NULL,
    status        TEXT    NOT NULL DEFAULT 'pending',
    -- A replay begins a new series; with the tries of the series it fences off an older holder of the job.
    series        BIGINT  NOT NULL DEFAULT 1,
    tries         BIGINT  NOT NULL DEFAULT 0,
    -- JSON: the newest tries of all series.
    attempts      TEXT    NOT NULL DEFAULT '[]',
    next_at       BIGINT,
    created_at    BIGINT  NOT NULL,
    UNIQUE (webhook_id, event_id),
    CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'delivered', 'failed'))
);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);
