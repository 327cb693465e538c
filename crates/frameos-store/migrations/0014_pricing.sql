-- All four pricing models: what a metered run may be charged for and was, and monthly subscriptions.

-- What a model needs besides its price, as JSON: events and start fee, or runs per month. NULL for plain prices.
ALTER TABLE agent_definitions ADD COLUMN pricing_terms TEXT;
-- What was agreed for one run besides a plain price, as JSON; later prices do not touch it. NULL for plain prices.
ALTER TABLE agent_executions ADD COLUMN terms TEXT;

-- What the attempt that ended a metered run counted. Rows are written once, under the attempt's lease.
CREATE TABLE execution_charges (
    execution_id  TEXT    NOT NULL,
    attempt       BIGINT  NOT NULL,
    position      BIGINT  NOT NULL,
    event         TEXT    NOT NULL,
    count         BIGINT  NOT NULL,
    unit_price    BIGINT  NOT NULL,
    amount        BIGINT  NOT NULL,
    at            BIGINT  NOT NULL,
    PRIMARY KEY (execution_id, attempt, position),
    CONSTRAINT execution_charges_amount_check CHECK (count > 0 AND unit_price > 0 AND amount >= 0)
);
CREATE TRIGGER execution_charges_no_update BEFORE UPDATE ON execution_charges
    {BEGIN SELECT RAISE(ABORT, 'execution_charges is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER execution_charges_no_delete BEFORE DELETE ON execution_charges
    {BEGIN SELECT RAISE(ABORT, 'execution_charges is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};

CREATE TABLE subscriptions (
    id               TEXT    NOT NULL PRIMARY KEY,
    user_id          TEXT    NOT NULL,
    agent_id         TEXT    NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE,
    status           TEXT    NOT NULL,
    -- Of the current period. Runs per month are NULL when unlimited.
    price_amount     BIGINT  NOT NULL,
    price_currency   TEXT    NOT NULL,
    runs_per_month   BIGINT,
    -- Told to the user: holds for periods that begin at `next_from` or later. A NULL price: no such period begins.
    next_from        BIGINT,
    next_price       BIGINT,
    next_runs        BIGINT,
    -- The most that the user has confirmed to pay for a month.
    confirmed_price  BIGINT  NOT NULL,
    -- Periods are counted from 0 and begin where the anchor says.
    anchor_at        BIGINT  NOT NULL,
    period           BIGINT  NOT NULL,
    period_start     BIGINT  NOT NULL,
    period_end       BIGINT  NOT NULL,
    runs_used        BIGINT  NOT NULL DEFAULT 0,
    -- When something is to be done next.
    due_at           BIGINT,
    ended_at         BIGINT,
    end_reason       TEXT,
    created_at       BIGINT  NOT NULL,
    updated_at       BIGINT  NOT NULL,
    CONSTRAINT subscriptions_status_check CHECK (status IN ('pending', 'active', 'past_due', 'cancelled', 'ended')),
    CONSTRAINT subscriptions_runs_check CHECK (runs_used >= 0 AND (runs_per_month IS NULL OR runs_used <= runs_per_month))
);
CREATE UNIQUE INDEX subscriptions_open ON subscriptions (user_id, agent_id) WHERE status <> 'ended';
CREATE INDEX subscriptions_agent ON subscriptions (agent_id);
CREATE INDEX subscriptions_due ON subscriptions (due_at) WHERE due_at IS NOT NULL;

-- What each period costs and whether it was paid: once, whoever tries.
CREATE TABLE subscription_charges (
    subscription_id  TEXT    NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period           BIGINT  NOT NULL,
    amount           BIGINT  NOT NULL,
    currency         TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    -- Raised when a mandate can no longer be used; part of the key under which the next one is asked for.
    generation       BIGINT  NOT NULL DEFAULT 0,
    -- Noted before its mandate is asked for.
    intent_id        TEXT,
    failed_tries     BIGINT  NOT NULL DEFAULT 0,
    refusal          TEXT,
    payment_id       TEXT,
    receipt_id       TEXT,
    created_at       BIGINT  NOT NULL,
    paid_at          BIGINT,
    PRIMARY KEY (subscription_id, period),
    CONSTRAINT subscription_charges_status_check CHECK (status IN ('open', 'paid', 'given_up'))
);
