-- Deployments, runs, the queue, and what runs leave behind: revenue, statistics, receipts.
-- Tables of the specification keep its names and defaults; columns after the blank line of a table are ours.

CREATE TABLE agent_deployments (
    id          TEXT    NOT NULL PRIMARY KEY,
    user_id     TEXT    NOT NULL,
    agent_id    TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    version     TEXT    NOT NULL,
    -- JSON, encrypted.
    config      {BLOB|BYTEA} NOT NULL,
    status      TEXT    NOT NULL DEFAULT 'configured',
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    CONSTRAINT agent_deployments_status_check CHECK (status IN ('configured', 'paused', 'deleted'))
);
CREATE INDEX agent_deployments_user ON agent_deployments (user_id);
CREATE INDEX agent_deployments_agent ON agent_deployments (agent_id);

CREATE TABLE agent_executions (
    id                  TEXT    NOT NULL PRIMARY KEY,
    deployment_id       TEXT    NOT NULL REFERENCES agent_deployments (id) ON DELETE CASCADE,
    agent_id            TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    user_id             TEXT    NOT NULL,
    purchase_intent_id  TEXT,
    mandate_id          TEXT,
    payment_id          TEXT,
    -- JSON, encrypted; so are outputs and the heads of stdout and stderr.
    inputs              {BLOB|BYTEA} NOT NULL,
    outputs             {BLOB|BYTEA},
    status              TEXT    NOT NULL DEFAULT 'queued',
    started_at          BIGINT,
    completed_at        BIGINT,
    duration_ms         BIGINT,
    stdout              {BLOB|BYTEA},
    stderr              {BLOB|BYTEA},
    error_message       TEXT,
    exit_code           BIGINT,
    created_at          BIGINT  NOT NULL,

    version_id          TEXT    NOT NULL REFERENCES agent_versions (id) ON DELETE CASCADE,
    version             TEXT    NOT NULL,
    timeout_ms          BIGINT  NOT NULL,
    price_amount        BIGINT  NOT NULL,
    price_currency      TEXT    NOT NULL DEFAULT 'INR',
    -- The month whose free runs this run was taken from.
    free_month          TEXT,
    -- The caller confirmed a price above the policy's limit for silent spending.
    confirmed           BOOLEAN NOT NULL DEFAULT FALSE,
    payment_receipt_id  TEXT,
    -- While TRUE, outputs are stored but must not be shown: the payment has not committed.
    sealed              BOOLEAN NOT NULL DEFAULT FALSE,
    salt                TEXT    NOT NULL,
    attempt             BIGINT  NOT NULL DEFAULT 0,
    cancel_requested    BOOLEAN NOT NULL DEFAULT FALSE,
    resources           TEXT,
    isolation           TEXT,
    progress            DOUBLE PRECISION,
    progress_message    TEXT,
    stdout_bytes        BIGINT  NOT NULL DEFAULT 0,
    stderr_bytes        BIGINT  NOT NULL DEFAULT 0,
    log_object          TEXT,
    idempotency_key     TEXT,
    UNIQUE (user_id, idempotency_key),
    CONSTRAINT agent_executions_status_check
        CHECK (status IN ('queued', 'running', 'settling', 'success', 'failed', 'timeout', 'cancelled'))
);
CREATE INDEX agent_executions_user_created ON agent_executions (user_id, created_at);
CREATE INDEX agent_executions_agent_status ON agent_executions (agent_id, status);
CREATE INDEX agent_executions_deployment ON agent_executions (deployment_id);
CREATE INDEX agent_executions_status_created ON agent_executions (status, created_at);

CREATE TABLE execution_attempts (
    execution_id  TEXT    NOT NULL REFERENCES agent_executions (id) ON DELETE CASCADE,
    attempt       BIGINT  NOT NULL,
    worker        TEXT    NOT NULL,
    started_at    BIGINT  NOT NULL,
    ended_at      BIGINT,
    outcome       TEXT,
    reason        TEXT,
    PRIMARY KEY (execution_id, attempt)
);

-- The queue. A ticket is claimed by taking its lease; each claim raises the attempt, which fences off earlier holders.
CREATE TABLE tickets (
    id            TEXT    NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    execution_id  TEXT    NOT NULL UNIQUE REFERENCES agent_executions (id) ON DELETE CASCADE,
    payload       TEXT    NOT NULL,
    class         BIGINT  NOT NULL,
    user_id       TEXT    NOT NULL,
    vtime         BIGINT  NOT NULL,
    run_at        BIGINT  NOT NULL,
    attempt       BIGINT  NOT NULL DEFAULT 0,
    lease_owner   TEXT,
    lease_until   BIGINT,
    created_at    BIGINT  NOT NULL
);
CREATE INDEX tickets_order ON tickets (class, vtime, id);

-- Each user's virtual time per class: what makes the queue fair.
CREATE TABLE queue_clocks (
    class    BIGINT  NOT NULL,
    user_id  TEXT    NOT NULL,
    vtime    BIGINT  NOT NULL,
    PRIMARY KEY (class, user_id)
);
CREATE INDEX queue_clocks_vtime ON queue_clocks (class, vtime);

CREATE TABLE idempotency_keys (
    account_id    TEXT    NOT NULL,
    idempotency_key  TEXT NOT NULL,
    fingerprint   TEXT    NOT NULL,
    status        BIGINT,
    -- The answer that was given, encrypted.
    body          {BLOB|BYTEA},
    created_at    BIGINT  NOT NULL,
    locked_until  BIGINT  NOT NULL,
    PRIMARY KEY (account_id, idempotency_key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE free_runs (
    user_id   TEXT    NOT NULL,
    agent_id  TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    month     TEXT    NOT NULL,
    used      BIGINT  NOT NULL,
    PRIMARY KEY (user_id, agent_id, month),
    CONSTRAINT free_runs_used_check CHECK (used >= 0)
);

CREATE TABLE developer_revenue (
    id            TEXT    NOT NULL PRIMARY KEY,
    developer_id  TEXT    NOT NULL REFERENCES developers (id) ON DELETE CASCADE,
    agent_id      TEXT,
    execution_id  TEXT    UNIQUE,
    amount        BIGINT  NOT NULL,
    currency      TEXT    NOT NULL DEFAULT 'INR',
    status        TEXT    NOT NULL DEFAULT 'pending',
    paid_out_at   BIGINT,
    created_at    BIGINT  NOT NULL,
    CONSTRAINT developer_revenue_status_check CHECK (status IN ('pending', 'paid_out'))
);
CREATE INDEX developer_revenue_developer_status ON developer_revenue (developer_id, status);
CREATE INDEX developer_revenue_created ON developer_revenue (created_at);
CREATE INDEX developer_revenue_agent ON developer_revenue (agent_id);

-- Finished runs that are not yet in the statistics.
CREATE TABLE stat_events (
    id           TEXT    NOT NULL PRIMARY KEY,
    agent_id     TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    version      TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    duration_ms  BIGINT  NOT NULL,
    revenue      BIGINT  NOT NULL,
    at           BIGINT  NOT NULL
);

CREATE TABLE agent_stats_daily (
    agent_id         TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    version          TEXT    NOT NULL,
    day              TEXT    NOT NULL,
    total            BIGINT  NOT NULL,
    succeeded        BIGINT  NOT NULL,
    duration_ms_sum  BIGINT  NOT NULL,
    revenue          BIGINT  NOT NULL,
    PRIMARY KEY (agent_id, version, day)
);

-- The heads of hash chains: the platform's receipts, and the gateway's receipts and ledger.
CREATE TABLE chain_heads (
    name      TEXT    NOT NULL PRIMARY KEY,
    sequence  BIGINT  NOT NULL,
    hash      TEXT    NOT NULL
);

CREATE TABLE run_receipts (
    id             TEXT    NOT NULL PRIMARY KEY,
    execution_id   TEXT    NOT NULL UNIQUE,
    sequence       BIGINT  NOT NULL UNIQUE,
    hash           TEXT    NOT NULL,
    previous_hash  TEXT    NOT NULL,
    document       TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL
);
CREATE TRIGGER run_receipts_no_update BEFORE UPDATE ON run_receipts
    {BEGIN SELECT RAISE(ABORT, 'run_receipts is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER run_receipts_no_delete BEFORE DELETE ON run_receipts
    {BEGIN SELECT RAISE(ABORT, 'run_receipts is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};

-- Facts about the installation itself.
CREATE TABLE settings (
    name   TEXT  NOT NULL PRIMARY KEY,
    value  TEXT  NOT NULL
);
