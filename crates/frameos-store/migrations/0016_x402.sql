-- Payments that come with a request instead of from a wallet: x402. A row is written with the run and the mandate it pays for, so
-- that a payment proof stands for one request; it is what a settlement whose answer was lost is taken up from.
-- Payers without an account are called `x402:` + network + `:` + address in the gateway's books.

CREATE TABLE x402_payments (
    mandate_id        TEXT    NOT NULL PRIMARY KEY REFERENCES mandates (id),
    -- CAIP-2; address and nonce in lower-case hex. A token accepts a nonce of an address once.
    network           TEXT    NOT NULL,
    payer             TEXT    NOT NULL,
    nonce             TEXT    NOT NULL,
    execution_id      TEXT    NOT NULL UNIQUE,
    -- SHA-256 over the request and the proof that came with it.
    fingerprint       TEXT    NOT NULL,
    -- In the asset's smallest unit: may be more than a number of 64 bits.
    amount            TEXT    NOT NULL,
    asset             TEXT    NOT NULL,
    -- What the facilitator is sent, encrypted: whoever has the signature can have the money moved.
    request           {BLOB|BYTEA} NOT NULL,
    valid_before      BIGINT  NOT NULL,
    status            TEXT    NOT NULL,
    -- Whether a settlement was sent whose outcome is not known to be that nothing happened.
    sent              BOOLEAN NOT NULL DEFAULT FALSE,
    attempts          BIGINT  NOT NULL DEFAULT 0,
    lease_until       BIGINT,
    -- How it is known that the money moved: the `facilitator` said so, or, after an answer that was lost, the `chain` did, or the
    -- `nonce` was used up.
    proof             TEXT,
    transaction_hash  TEXT,
    reason            TEXT,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    UNIQUE (network, payer, nonce),
    CONSTRAINT x402_payments_status_check CHECK (status IN ('reserved', 'settling', 'settled', 'refused', 'released')),
    CONSTRAINT x402_payments_proof_check CHECK ((status = 'settled') = (proof IS NOT NULL))
);
CREATE INDEX x402_payments_refused ON x402_payments (network, payer, updated_at) WHERE status = 'refused';
