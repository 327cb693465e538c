-- A mandate may be captured in part: what was taken, and never more than it allows. The rest went back to the wallet in the
-- same ledger transaction. NULL until the mandate is executed.
ALTER TABLE mandates ADD COLUMN captured_amount BIGINT
    CONSTRAINT mandates_captured_amount_check CHECK (captured_amount >= 0 AND captured_amount <= amount);
UPDATE mandates SET captured_amount = amount WHERE status = 'executed';

-- How often a policy was replaced: whoever changes one can say which they saw.
ALTER TABLE policies ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

-- The keys an installation signs with, by purpose: one is active. The private half is sealed with the master key and forgotten
-- when the key is retired; the handover, signed by both keys, is how a key that is known vouches for the next.
CREATE TABLE signing_keys (
    purpose     TEXT    NOT NULL,
    kid         TEXT    NOT NULL,
    public_key  TEXT    NOT NULL,
    sealed      TEXT,
    handover    TEXT,
    created_at  BIGINT  NOT NULL,
    retired_at  BIGINT,
    PRIMARY KEY (purpose, kid),
    CONSTRAINT signing_keys_sealed_check CHECK ((sealed IS NULL) = (retired_at IS NOT NULL))
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (purpose) WHERE retired_at IS NULL;

-- Signed refusals of mandates, for whoever was refused to prove it. Kept for a while; the signed text needs no row.
CREATE TABLE refusal_receipts (
    id          TEXT    NOT NULL PRIMARY KEY,
    agent_id    TEXT    NOT NULL,
    jws         TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL
);
CREATE INDEX refusal_receipts_created ON refusal_receipts (created_at);
