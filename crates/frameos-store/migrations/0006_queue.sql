-- The queue carries other jobs than runs, too, and knows whose runs and which agent's it holds back.
-- A ticket is a run's (`execution_id`) or another job's (`job_key`: at most one of a kind and key waits).
CREATE TABLE tickets_anew (
    id            TEXT    NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    execution_id  TEXT    UNIQUE REFERENCES agent_executions (id) ON DELETE CASCADE,
    job_key       TEXT,
    payload       TEXT    NOT NULL,
    -- -1 a run's money, 0 paid runs, 1 free runs, 2 other jobs.
    class         BIGINT  NOT NULL,
    user_id       TEXT,
    agent_id      TEXT,
    vtime         BIGINT  NOT NULL,
    run_at        BIGINT  NOT NULL,
    attempt       BIGINT  NOT NULL DEFAULT 0,
    lease_owner   TEXT,
    lease_until   BIGINT,
    live          {BLOB|BYTEA},
    created_at    BIGINT  NOT NULL,
    UNIQUE (kind, job_key),
    CONSTRAINT tickets_owner_check CHECK ((execution_id IS NULL) <> (job_key IS NULL))
);
INSERT INTO tickets_anew (id, kind, execution_id, payload, class, user_id, agent_id, vtime, run_at, attempt, lease_owner,
                          lease_until, created_at)
    SELECT t.id, t.kind, t.execution_id, t.payload, CASE WHEN t.kind = 'authorize' THEN -1 ELSE t.class END, t.user_id,
           e.agent_id, t.vtime * 1000, t.run_at, t.attempt, t.lease_owner, t.lease_until, t.created_at
    FROM tickets t JOIN agent_executions e ON e.id = t.execution_id;
DROP TABLE tickets;
ALTER TABLE tickets_anew RENAME TO tickets;
CREATE INDEX tickets_order ON tickets (class, vtime, id);
CREATE INDEX tickets_due ON tickets (class, run_at, id);
CREATE INDEX tickets_leased ON tickets (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX tickets_user ON tickets (user_id, class);

-- How many tickets a user has at most: raised by each, and counted anew only when it says too many.
CREATE TABLE queue_depths (
    user_id  TEXT    NOT NULL PRIMARY KEY,
    at_most  BIGINT  NOT NULL
);
INSERT INTO queue_depths (user_id, at_most) SELECT user_id, COUNT(*) FROM tickets GROUP BY user_id;

-- A thousandth of a turn, so that a plan may weigh more than another.
UPDATE queue_clocks SET vtime = vtime * 1000;

ALTER TABLE users ADD COLUMN plan TEXT NOT NULL DEFAULT 'standard'
    CONSTRAINT users_plan_check CHECK (plan IN ('standard', 'plus', 'pro'));

-- How far the settlement of a run has come: null before it has a result.
ALTER TABLE agent_executions ADD COLUMN settlement TEXT
    CONSTRAINT agent_executions_settlement_check CHECK (settlement IN ('sealed', 'charged', 'credited', 'published'));
UPDATE agent_executions SET settlement = 'sealed' WHERE id IN (SELECT execution_id FROM tickets WHERE kind = 'settle');
UPDATE agent_executions SET settlement = 'published' WHERE status IN ('success', 'failed', 'timeout', 'cancelled');
