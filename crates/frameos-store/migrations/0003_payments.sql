-- The payment gateway: policies, wallets, mandates, payments and the ledger. It shares no foreign key with the
-- marketplace, because it may live in a database of its own.

CREATE TABLE policies (
    owner       TEXT    NOT NULL PRIMARY KEY,
    document    TEXT    NOT NULL,
    updated_at  BIGINT  NOT NULL
);

-- Balances cached beside the ledger, changed only in the transaction that posts the entry they mirror.
CREATE TABLE wallets (
    owner       TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    available   BIGINT  NOT NULL,
    held        BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (owner, currency),
    CONSTRAINT wallets_available_check CHECK (available >= 0),
    CONSTRAINT wallets_held_check CHECK (held >= 0)
);

-- What an owner has spent or holds in one period: a day (2026-11-22) or a month (2026-11), UTC.
CREATE TABLE budget_windows (
    owner     TEXT    NOT NULL,
    currency  TEXT    NOT NULL,
    period    TEXT    NOT NULL,
    used      BIGINT  NOT NULL,
    PRIMARY KEY (owner, currency, period),
    CONSTRAINT budget_windows_used_check CHECK (used >= 0)
);

CREATE TABLE purchase_intents (
    id               TEXT    NOT NULL PRIMARY KEY,
    agent_id         TEXT    NOT NULL,
    vendor           TEXT    NOT NULL,
    amount           BIGINT  NOT NULL,
    currency         TEXT    NOT NULL,
    description      TEXT    NOT NULL,
    metadata         TEXT    NOT NULL,
    idempotency_key  TEXT,
    fingerprint      TEXT    NOT NULL,
    created_at       BIGINT  NOT NULL,
    UNIQUE (agent_id, idempotency_key),
    CONSTRAINT purchase_intents_amount_check CHECK (amount > 0)
);

CREATE TABLE mandates (
    id            TEXT    NOT NULL PRIMARY KEY,
    intent_id     TEXT    NOT NULL UNIQUE REFERENCES purchase_intents (id),
    agent_id      TEXT    NOT NULL,
    amount        BIGINT  NOT NULL,
    currency      TEXT    NOT NULL,
    execution_id  TEXT,
    payee         TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    void_reason   TEXT,
    jws           TEXT    NOT NULL,
    mandate_hash  TEXT    NOT NULL,
    expires_at    BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    CONSTRAINT mandates_amount_check CHECK (amount > 0),
    CONSTRAINT mandates_status_check CHECK (status IN ('issued', 'executed', 'voided', 'expired'))
);
CREATE INDEX mandates_status_expiry ON mandates (status, expires_at);
CREATE INDEX mandates_agent ON mandates (agent_id, created_at);

-- Append-only, in one hash chain; (kind, reference) makes a posting happen once.
CREATE TABLE ledger_transactions (
    sequence       BIGINT  NOT NULL PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    kind           TEXT    NOT NULL,
    reference      TEXT    NOT NULL,
    at             BIGINT  NOT NULL,
    previous_hash  TEXT    NOT NULL,
    hash           TEXT    NOT NULL,
    UNIQUE (kind, reference)
){ WITHOUT ROWID|};
CREATE INDEX ledger_transactions_reference ON ledger_transactions (reference);

CREATE TABLE ledger_postings (
    sequence      BIGINT  NOT NULL REFERENCES ledger_transactions (sequence),
    line          BIGINT  NOT NULL,
    account_kind  TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    amount        BIGINT  NOT NULL,
    currency      TEXT    NOT NULL,
    PRIMARY KEY (sequence, line),
    CONSTRAINT ledger_postings_amount_check CHECK (amount <> 0)
){ WITHOUT ROWID|};
CREATE INDEX ledger_postings_account ON ledger_postings (owner, account_kind, currency, sequence);

CREATE TABLE payments (
    id                     TEXT    NOT NULL PRIMARY KEY,
    mandate_id             TEXT    NOT NULL UNIQUE REFERENCES mandates (id),
    agent_id               TEXT    NOT NULL,
    amount                 BIGINT  NOT NULL,
    currency               TEXT    NOT NULL,
    developer              TEXT    NOT NULL,
    developer_amount       BIGINT  NOT NULL,
    platform_amount        BIGINT  NOT NULL,
    orchestrator_amount    BIGINT  NOT NULL,
    ledger_transaction_id  TEXT    NOT NULL UNIQUE REFERENCES ledger_transactions (id),
    ledger_hash            TEXT    NOT NULL,
    receipt_id             TEXT    NOT NULL UNIQUE,
    idempotency_key        TEXT,
    created_at             BIGINT  NOT NULL,
    UNIQUE (agent_id, idempotency_key),
    CONSTRAINT payments_split_check CHECK (developer_amount + platform_amount + orchestrator_amount = amount)
);

-- One receipt per mandate that somebody tried to execute, in one hash chain.
CREATE TABLE payment_receipts (
    sequence       BIGINT  NOT NULL PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    mandate_id     TEXT    NOT NULL UNIQUE REFERENCES mandates (id),
    payment_id     TEXT,
    status         TEXT    NOT NULL,
    jws            TEXT    NOT NULL,
    previous_hash  TEXT    NOT NULL,
    hash           TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    CONSTRAINT payment_receipts_status_check CHECK (status IN ('success', 'refused'))
){ WITHOUT ROWID|};

CREATE TABLE top_ups (
    id                     TEXT    NOT NULL PRIMARY KEY,
    owner                  TEXT    NOT NULL,
    amount                 BIGINT  NOT NULL,
    currency               TEXT    NOT NULL,
    provider               TEXT    NOT NULL,
    provider_reference     TEXT,
    status                 TEXT    NOT NULL,
    idempotency_key        TEXT,
    created_at             BIGINT  NOT NULL,
    updated_at             BIGINT  NOT NULL,
    UNIQUE (owner, idempotency_key),
    UNIQUE (provider, provider_reference),
    CONSTRAINT top_ups_amount_check CHECK (amount > 0),
    CONSTRAINT top_ups_status_check CHECK (status IN ('pending', 'settled', 'failed'))
);

CREATE TRIGGER ledger_transactions_no_update BEFORE UPDATE ON ledger_transactions
    {BEGIN SELECT RAISE(ABORT, 'ledger_transactions is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER ledger_transactions_no_delete BEFORE DELETE ON ledger_transactions
    {BEGIN SELECT RAISE(ABORT, 'ledger_transactions is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER ledger_postings_no_update BEFORE UPDATE ON ledger_postings
    {BEGIN SELECT RAISE(ABORT, 'ledger_postings is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER ledger_postings_no_delete BEFORE DELETE ON ledger_postings
    {BEGIN SELECT RAISE(ABORT, 'ledger_postings is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER payments_no_update BEFORE UPDATE ON payments
    {BEGIN SELECT RAISE(ABORT, 'payments is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
    {BEGIN SELECT RAISE(ABORT, 'payments is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER payment_receipts_no_update BEFORE UPDATE ON payment_receipts
    {BEGIN SELECT RAISE(ABORT, 'payment_receipts is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER payment_receipts_no_delete BEFORE DELETE ON payment_receipts
    {BEGIN SELECT RAISE(ABORT, 'payment_receipts is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
