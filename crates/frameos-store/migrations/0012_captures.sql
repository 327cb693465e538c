-- A mandate may be captured in part: what was taken, and never more than it allows. The rest went back to the wallet in the
-- same ledger transaction. NULL until the mandate is executed.
ALTER TABLE mandates ADD COLUMN captured_amount BIGINT
    CONSTRAINT mandates_captured_amount_check CHECK (captured_amount >= 0 AND captured_amount <= amount);
UPDATE mandates SET captured_amount = amount WHERE status = 'executed';
