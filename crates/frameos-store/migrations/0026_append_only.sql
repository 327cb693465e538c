-- What refuses DELETE refuses TRUNCATE too, for everything that is only added to.
{|
DROP TRIGGER audit_log_no_delete ON audit_log;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER run_receipts_no_delete ON run_receipts;
CREATE TRIGGER run_receipts_no_delete BEFORE DELETE OR TRUNCATE ON run_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER execution_charges_no_delete ON execution_charges;
CREATE TRIGGER execution_charges_no_delete BEFORE DELETE OR TRUNCATE ON execution_charges
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER refunds_no_delete ON refunds;
CREATE TRIGGER refunds_no_delete BEFORE DELETE OR TRUNCATE ON refunds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER ap2_mandates_no_delete ON ap2_mandates;
CREATE TRIGGER ap2_mandates_no_delete BEFORE DELETE OR TRUNCATE ON ap2_mandates
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
}
