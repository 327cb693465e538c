-- On PostgreSQL a ledger transaction and its lines come in one statement, at whose end the database looks once at all it wrote, in place of
-- looking up the transaction of each line before the commit. Numbered from 1, a transaction's lines cannot come twice. Processes that write
-- lines before their transaction are refused from here on: stop them first.
{|ALTER TABLE ledger_postings DROP CONSTRAINT ledger_postings_sequence_fkey;

-- Tables are named with their schema: a temporary one of the same name would be found first.
DO $do$ BEGIN EXECUTE format($functions$
CREATE OR REPLACE FUNCTION ledger_postings_seal() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    late BOOLEAN;
    unbalanced BOOLEAN;
    alone BOOLEAN;
BEGIN
    SELECT BOOL_OR(s.first <> 1), BOOL_OR(s.lines < 2 OR s.unbalanced),
           BOOL_OR((SELECT t.sequence FROM %1$I.ledger_transactions t WHERE t.sequence = s.sequence LIMIT 1) IS NULL)
        INTO late, unbalanced, alone
        FROM (SELECT c.sequence, MIN(c.first) AS first, SUM(c.lines) AS lines, BOOL_OR(c.amount <> 0) AS unbalanced
              FROM (SELECT n.sequence, MIN(n.line) AS first, COUNT(*) AS lines, SUM(n.amount) AS amount
                    FROM inserted n GROUP BY n.sequence, n.currency) c GROUP BY c.sequence) s;
    IF late THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a sealed ledger transaction takes no further lines';
    END IF;
    IF unbalanced THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a ledger transaction balances two lines or more';
    END IF;
    IF alone THEN
        RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation',
            MESSAGE = 'the lines of a ledger transaction come with it';
    END IF;
    RETURN NULL;
END $$;

-- The lines of a transaction that has some were looked at when they came.
CREATE OR REPLACE FUNCTION ledger_transaction_balance() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted n
               WHERE (SELECT p.line FROM %1$I.ledger_postings p
                      WHERE p.sequence = n.sequence AND p.line = 1 LIMIT 1) IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a ledger transaction balances two lines or more';
    END IF;
    RETURN NULL;
END $$;
$functions$, current_schema()); END $do$;
}
-- What refers to it is always asked for with its kind.
DROP INDEX ledger_transactions_reference;
