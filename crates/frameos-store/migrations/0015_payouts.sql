-- Money that goes back to users, and money that goes out to developers.

-- The gateway's part.

-- Whose account the orchestrator's share of a capture goes to; null for the platform's own.
ALTER TABLE mandates ADD COLUMN orchestrator TEXT;

-- What of a payment was given back. The row is the lock of the payment's refunds.
CREATE TABLE refund_totals (
    payment_id  TEXT    NOT NULL PRIMARY KEY REFERENCES payments (id),
    amount      BIGINT  NOT NULL,
    refunded    BIGINT  NOT NULL,
    CONSTRAINT refund_totals_refunded_check CHECK (refunded >= 0 AND refunded <= amount)
);

CREATE TABLE refunds (
    id                     TEXT    NOT NULL PRIMARY KEY,
    payment_id             TEXT    NOT NULL REFERENCES payments (id),
    agent_id               TEXT    NOT NULL,
    amount                 BIGINT  NOT NULL,
    requested_amount       BIGINT,
    refunded_total         BIGINT  NOT NULL,
    currency               TEXT    NOT NULL,
    developer              TEXT    NOT NULL,
    developer_amount       BIGINT  NOT NULL,
    platform_amount        BIGINT  NOT NULL,
    orchestrator_amount    BIGINT  NOT NULL,
    reason                 TEXT    NOT NULL,
    idempotency_key        TEXT    NOT NULL,
    ledger_transaction_id  TEXT    NOT NULL UNIQUE REFERENCES ledger_transactions (id),
    ledger_hash            TEXT    NOT NULL,
    jws                    TEXT    NOT NULL,
    hash                   TEXT    NOT NULL,
    created_at             BIGINT  NOT NULL,
    UNIQUE (payment_id, idempotency_key),
    UNIQUE (payment_id, refunded_total),
    CONSTRAINT refunds_amount_check CHECK (amount > 0),
    CONSTRAINT refunds_split_check CHECK (developer_amount + platform_amount + orchestrator_amount = amount)
);

CREATE TRIGGER refunds_no_update BEFORE UPDATE ON refunds
    {BEGIN SELECT RAISE(ABORT, 'refunds is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER refunds_no_delete BEFORE DELETE ON refunds
    {BEGIN SELECT RAISE(ABORT, 'refunds is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};

-- A payout takes all that the ledger's entries after from_sequence and up to to_sequence made payable; the next one goes on
-- where it ended, so that nothing is in two.
CREATE TABLE payouts (
    id                   TEXT    NOT NULL PRIMARY KEY,
    payee                TEXT    NOT NULL,
    currency             TEXT    NOT NULL,
    period               TEXT    NOT NULL,
    round                BIGINT  NOT NULL,
    amount               BIGINT  NOT NULL,
    orchestrator_amount  BIGINT  NOT NULL,
    from_sequence        BIGINT  NOT NULL,
    to_sequence          BIGINT  NOT NULL,
    account              {BLOB|BYTEA} NOT NULL,
    account_shown        TEXT    NOT NULL,
    provider             TEXT    NOT NULL,
    provider_reference   TEXT,
    bank_reference       TEXT,
    status               TEXT    NOT NULL,
    reason               TEXT,
    claims               BIGINT  NOT NULL,
    claimed_until        BIGINT,
    doubtful_until       BIGINT,
    created_at           BIGINT  NOT NULL,
    sent_at              BIGINT,
    paid_at              BIGINT,
    undone_at            BIGINT,
    UNIQUE (payee, currency, period, round),
    UNIQUE (payee, currency, from_sequence),
    CONSTRAINT payouts_amount_check CHECK (amount > 0),
    CONSTRAINT payouts_range_check CHECK (from_sequence < to_sequence),
    CONSTRAINT payouts_status_check CHECK (status IN ('created', 'sent', 'paid', 'failed', 'returned'))
);

-- The marketplace's part.

-- Where a developer wants to be paid. Encrypted but for what its owner may be shown.
CREATE TABLE payout_accounts (
    developer_id  TEXT    NOT NULL PRIMARY KEY REFERENCES developers (id) ON DELETE CASCADE,
    account       {BLOB|BYTEA} NOT NULL,
    usable_at     BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL
);

-- The periods whose payouts were begun.
CREATE TABLE payout_periods (
    period      TEXT    NOT NULL PRIMARY KEY,
    started_at  BIGINT  NOT NULL
);

-- What was done here about a payout's state: revenue marked, developer told.
CREATE TABLE payout_notes (
    payout_id  TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    noted_at   BIGINT  NOT NULL,
    PRIMARY KEY (payout_id, status)
);

-- Refunds that an admin asked for, noted before the gateway is asked, so that a crash loses none.
CREATE TABLE refund_requests (
    execution_id      TEXT    NOT NULL REFERENCES agent_executions (id) ON DELETE CASCADE,
    request_key       TEXT    NOT NULL,
    admin_id          TEXT    NOT NULL,
    amount            BIGINT,
    reason            TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL,
    PRIMARY KEY (execution_id, request_key),
    CONSTRAINT refund_requests_status_check CHECK (status IN ('asked', 'done', 'refused'))
);

ALTER TABLE agent_executions ADD COLUMN refunded_amount BIGINT NOT NULL DEFAULT 0;

-- A refund takes the developer's part back: a row of a negative amount.
ALTER TABLE developer_revenue ADD COLUMN refund_id TEXT;
ALTER TABLE developer_revenue ADD COLUMN refunded_execution_id TEXT;
CREATE UNIQUE INDEX developer_revenue_refund ON developer_revenue (refund_id);
CREATE INDEX developer_revenue_refunded ON developer_revenue (refunded_execution_id);
