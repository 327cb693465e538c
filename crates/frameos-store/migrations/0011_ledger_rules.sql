-- The ledger's rules, held by the database as well: a transaction is written after its lines, balances them per currency and
-- seals them; lines without a transaction cannot be committed. On SQLite the lines' table is rebuilt, because a reference
-- cannot be made deferred there.

{CREATE TABLE ledger_postings_new (
    sequence      BIGINT  NOT NULL REFERENCES ledger_transactions (sequence) DEFERRABLE INITIALLY DEFERRED,
    line          BIGINT  NOT NULL,
    account_kind  TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    amount        BIGINT  NOT NULL,
    currency      TEXT    NOT NULL,
    PRIMARY KEY (sequence, line),
    CONSTRAINT ledger_postings_amount_check CHECK (amount <> 0),
    CONSTRAINT ledger_postings_amount_range_check CHECK (amount BETWEEN -9007199254740991 AND 9007199254740991),
    CONSTRAINT ledger_postings_account_kind_check CHECK (account_kind IN ('wallet', 'hold', 'developer_payable',
        'platform_revenue', 'orchestrator_payable', 'provider_clearing', 'refunds', 'payout_clearing'))
) WITHOUT ROWID;
INSERT INTO ledger_postings_new (sequence, line, account_kind, owner, amount, currency)
    SELECT sequence, line, account_kind, owner, amount, currency FROM ledger_postings;
DROP TABLE ledger_postings;
ALTER TABLE ledger_postings_new RENAME TO ledger_postings;
CREATE INDEX ledger_postings_account ON ledger_postings (owner, account_kind, currency, sequence);
CREATE TRIGGER ledger_postings_no_update BEFORE UPDATE ON ledger_postings
    BEGIN SELECT RAISE(ABORT, 'ledger_postings is append-only'); END;
CREATE TRIGGER ledger_postings_no_delete BEFORE DELETE ON ledger_postings
    BEGIN SELECT RAISE(ABORT, 'ledger_postings is append-only'); END;
CREATE TRIGGER ledger_postings_sealed BEFORE INSERT ON ledger_postings
    WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'a sealed ledger transaction takes no further lines'); END;
CREATE TRIGGER ledger_transactions_balance BEFORE INSERT ON ledger_transactions
    WHEN (SELECT COUNT(*) FROM ledger_postings WHERE sequence = NEW.sequence) < 2
        OR EXISTS (SELECT 1 FROM ledger_postings WHERE sequence = NEW.sequence GROUP BY currency HAVING SUM(amount) <> 0)
    BEGIN SELECT RAISE(ABORT, 'a ledger transaction balances two lines or more'); END;
|ALTER TABLE ledger_postings ALTER CONSTRAINT ledger_postings_sequence_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ledger_postings
    ADD CONSTRAINT ledger_postings_amount_range_check CHECK (amount BETWEEN -9007199254740991 AND 9007199254740991),
    ADD CONSTRAINT ledger_postings_account_kind_check CHECK (account_kind IN ('wallet', 'hold', 'developer_payable',
        'platform_revenue', 'orchestrator_payable', 'provider_clearing', 'refunds', 'payout_clearing'));
CREATE FUNCTION ledger_postings_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One look at the index for each: LIMIT keeps the planner, who may know an empty ledger only, from reading it all instead.
    IF EXISTS (SELECT 1 FROM (SELECT DISTINCT n.sequence FROM inserted n) new_lines CROSS JOIN LATERAL
               (SELECT 1 FROM ledger_transactions t WHERE t.sequence = new_lines.sequence LIMIT 1) sealed) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a sealed ledger transaction takes no further lines';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_postings_sealed AFTER INSERT ON ledger_postings
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_seal();
CREATE FUNCTION ledger_transaction_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines BIGINT;
    unbalanced BOOLEAN;
BEGIN
    SELECT SUM(s.lines), BOOL_OR(s.amount <> 0) INTO lines, unbalanced
        FROM (SELECT COUNT(*) AS lines, SUM(p.amount) AS amount FROM ledger_postings p
              WHERE p.sequence = NEW.sequence GROUP BY p.currency) s;
    IF lines IS NULL OR lines < 2 OR unbalanced THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a ledger transaction balances two lines or more';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_transactions_balance BEFORE INSERT ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION ledger_transaction_balance();
-- What refuses DELETE refuses TRUNCATE too.
DROP TRIGGER ledger_postings_no_delete ON ledger_postings;
CREATE TRIGGER ledger_postings_no_delete BEFORE DELETE OR TRUNCATE ON ledger_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER ledger_transactions_no_delete ON ledger_transactions;
CREATE TRIGGER ledger_transactions_no_delete BEFORE DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER payments_no_delete ON payments;
CREATE TRIGGER payments_no_delete BEFORE DELETE OR TRUNCATE ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER payment_receipts_no_delete ON payment_receipts;
CREATE TRIGGER payment_receipts_no_delete BEFORE DELETE OR TRUNCATE ON payment_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
}
-- Signed statements of where the chains stood, in a chain of their own: whoever keeps one notices a rewritten ledger.
CREATE TABLE ledger_checkpoints (
    number      BIGINT  NOT NULL PRIMARY KEY,
    sequence    BIGINT  NOT NULL,
    jws         TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL
){ WITHOUT ROWID|};
CREATE TRIGGER ledger_checkpoints_no_update BEFORE UPDATE ON ledger_checkpoints
    {BEGIN SELECT RAISE(ABORT, 'ledger_checkpoints is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER ledger_checkpoints_no_delete BEFORE DELETE{| OR TRUNCATE} ON ledger_checkpoints
    {BEGIN SELECT RAISE(ABORT, 'ledger_checkpoints is append-only'); END|FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()};
