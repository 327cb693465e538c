-- What waits and what is leased lie apart: a claim reads neither what others hold nor what is being settled, however much that is.
DROP INDEX tickets_order;
DROP INDEX tickets_due;
DROP INDEX tickets_leased;
CREATE INDEX tickets_order ON tickets (class, vtime, id) WHERE lease_until IS NULL;
CREATE INDEX tickets_due ON tickets (class, run_at, id) WHERE lease_until IS NULL;
CREATE INDEX tickets_leased ON tickets (class, lease_until) WHERE lease_until IS NOT NULL;
