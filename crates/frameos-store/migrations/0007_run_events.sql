-- What a run says while it goes on, for whoever follows it: several events a row, written together. What can be told from the
-- run's own row (its states, its stdout, its end) is not repeated here.
CREATE TABLE execution_events (
    execution_id  TEXT    NOT NULL REFERENCES agent_executions (id) ON DELETE CASCADE,
    -- The number of the last event of the row; those before it count down from it.
    last_id       BIGINT  NOT NULL,
    -- JSON, encrypted.
    body          {BLOB|BYTEA} NOT NULL,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (execution_id, last_id)
);
CREATE INDEX execution_events_created ON execution_events (created_at);

-- The progress the agent last told of, apart from `live`: it comes from the worker and over HTTP. JSON, encrypted.
ALTER TABLE tickets ADD COLUMN said {BLOB|BYTEA};
-- Events of the attempt that holds the ticket.
ALTER TABLE tickets ADD COLUMN events BIGINT NOT NULL DEFAULT 0;
-- The SHA-256 of the execution token, the claim it was given to, and its end: another claim, no lease, or another kind of ticket,
-- and it is worth nothing.
ALTER TABLE tickets ADD COLUMN token_hash TEXT;
ALTER TABLE tickets ADD COLUMN token_attempt BIGINT;
ALTER TABLE tickets ADD COLUMN token_until BIGINT;
