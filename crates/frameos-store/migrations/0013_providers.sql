-- Top-ups through payment providers: who was asked, under which id, what was truly paid, and what was taken back.

ALTER TABLE top_ups ADD COLUMN instrument TEXT;
ALTER TABLE top_ups ADD COLUMN return_url TEXT;
ALTER TABLE top_ups ADD COLUMN scenario TEXT;
-- Why it failed; `expired` when nobody paid.
ALTER TABLE top_ups ADD COLUMN reason TEXT;
-- Until when one caller has it to itself.
ALTER TABLE top_ups ADD COLUMN work_until BIGINT;

-- One provider asked once for one top-up. The id is the idempotency key towards the provider, what its webhooks name, and the
-- reference of the credit in the ledger; that of the first charge is the top-up's own.
CREATE TABLE top_up_charges (
    id                 TEXT    NOT NULL PRIMARY KEY,
    top_up_id          TEXT    NOT NULL REFERENCES top_ups (id),
    owner              TEXT    NOT NULL,
    number             BIGINT  NOT NULL,
    provider           TEXT    NOT NULL,
    amount             BIGINT  NOT NULL,
    currency           TEXT    NOT NULL,
    status             TEXT    NOT NULL,
    reference          TEXT,
    checkout_url       TEXT,
    checkout_session   TEXT,
    reason             TEXT,
    paid_amount        BIGINT,
    paid_currency      TEXT,
    payment_reference  TEXT,
    credited           BIGINT  NOT NULL,
    reversed           BIGINT  NOT NULL,
    taken              BIGINT  NOT NULL,
    debt               BIGINT  NOT NULL,
    flag               TEXT,
    asks               BIGINT  NOT NULL,
    looks              BIGINT  NOT NULL,
    look_at            BIGINT,
    expires_at         BIGINT  NOT NULL,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    UNIQUE (top_up_id, number),
    CONSTRAINT top_up_charges_status_check
        CHECK (status IN ('new', 'asking', 'lost', 'open', 'refused', 'closed', 'paid')),
    CONSTRAINT top_up_charges_credited_check CHECK (credited >= 0 AND (credited = 0 OR credited = paid_amount)),
    CONSTRAINT top_up_charges_reversed_check
        CHECK (reversed = taken + debt AND reversed >= 0 AND debt >= 0 AND reversed <= credited)
);
CREATE INDEX top_up_charges_look_at ON top_up_charges (look_at);
CREATE INDEX top_up_charges_payment ON top_up_charges (provider, payment_reference);

-- What a provider took back of a payment, by cause. Kept also for payments not known yet: webhooks come in any order.
CREATE TABLE provider_reversals (
    provider           TEXT     NOT NULL,
    payment_reference  TEXT     NOT NULL,
    source             TEXT     NOT NULL,
    amount             BIGINT   NOT NULL,
    is_final           BOOLEAN  NOT NULL,
    updated_at         BIGINT   NOT NULL,
    PRIMARY KEY (provider, payment_reference, source),
    CONSTRAINT provider_reversals_amount_check CHECK (amount >= 0)
);

-- Each change of a wallet by a reversal: taken when positive, given again when negative. The reference is the ledger's.
CREATE TABLE top_up_takings (
    reference   TEXT    NOT NULL PRIMARY KEY,
    charge_id   TEXT    NOT NULL REFERENCES top_up_charges (id),
    amount      BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL
);
CREATE INDEX top_up_takings_charge ON top_up_takings (charge_id);

INSERT INTO top_up_charges (id, top_up_id, owner, number, provider, amount, currency, status, reference, paid_amount,
    paid_currency, payment_reference, credited, reversed, taken, debt, asks, looks, look_at, expires_at, created_at, updated_at)
SELECT id, id, owner, 1, provider, amount, currency,
    CASE status WHEN 'settled' THEN 'paid' WHEN 'failed' THEN 'refused' ELSE 'asking' END, provider_reference,
    CASE status WHEN 'settled' THEN amount END, CASE status WHEN 'settled' THEN currency END,
    CASE status WHEN 'settled' THEN provider_reference END, CASE status WHEN 'settled' THEN amount ELSE 0 END, 0, 0, 0, 1, 0,
    CASE status WHEN 'pending' THEN created_at END, created_at + 3600000000, created_at, updated_at
FROM top_ups;
