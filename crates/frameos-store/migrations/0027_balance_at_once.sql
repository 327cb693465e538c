-- PostgreSQL looks once at all transactions that a statement wrote, instead of once at each: a batch writes them together.
{|
CREATE OR REPLACE FUNCTION ledger_transaction_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Per currency, and by the index of the lines for each transaction, however few rows the planner believes in.
    IF EXISTS (SELECT 1 FROM inserted n LEFT JOIN LATERAL
               (SELECT SUM(s.lines) AS lines, BOOL_OR(s.amount <> 0) AS unbalanced
                FROM (SELECT COUNT(*) AS lines, SUM(p.amount) AS amount FROM ledger_postings p
                      WHERE p.sequence = n.sequence GROUP BY p.currency) s) found ON TRUE
               WHERE found.lines IS NULL OR found.lines < 2 OR found.unbalanced) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a ledger transaction balances two lines or more';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER ledger_transactions_balance ON ledger_transactions;
CREATE TRIGGER ledger_transactions_balance AFTER INSERT ON ledger_transactions
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger_transaction_balance();
}
