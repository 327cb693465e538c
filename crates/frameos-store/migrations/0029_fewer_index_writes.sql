-- A run's row, its ticket and its mandate change several times within seconds: no index has what then changes, where that can be.
-- Each ticket lies in the index of its own order alone: runs by their turn, everything else by its time.
DROP INDEX tickets_order;
DROP INDEX tickets_due;
DROP INDEX tickets_user;
CREATE INDEX tickets_order ON tickets (class, vtime, id) WHERE lease_until IS NULL AND kind = 'run';
CREATE INDEX tickets_due ON tickets (class, run_at, id) WHERE lease_until IS NULL AND kind <> 'run';
CREATE INDEX tickets_user ON tickets (user_id, class) WHERE user_id IS NOT NULL;

-- What is alive is known by its ticket.
DROP INDEX agent_executions_status_created;
DROP INDEX agent_executions_agent_created;
CREATE INDEX agent_executions_created ON agent_executions (created_at);
CREATE INDEX agent_executions_agent_created ON agent_executions (agent_id, created_at);

DROP INDEX mandates_status_expiry;
DROP INDEX mandates_agent;
CREATE INDEX mandates_expiry ON mandates (expires_at, id) WHERE status = 'issued';
-- Payers without an account are few: the audit's questions about them need not look through all others.
CREATE INDEX mandates_x402 ON mandates (id) WHERE agent_id LIKE 'x402:%';

DROP INDEX developer_revenue_created;
DROP INDEX developer_revenue_agent;
DROP INDEX developer_revenue_developer_status;
DROP INDEX developer_revenue_refund;
DROP INDEX developer_revenue_refunded;
CREATE INDEX developer_revenue_developer ON developer_revenue (developer_id, created_at);
CREATE UNIQUE INDEX developer_revenue_refund ON developer_revenue (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX developer_revenue_refunded ON developer_revenue (refunded_execution_id) WHERE refunded_execution_id IS NOT NULL;

-- PostgreSQL finds room for a row's next version on its own page, and does not try to make signed documents shorter, in vain.
{|ALTER TABLE agent_executions SET (fillfactor = 60);
ALTER TABLE run_receipts ALTER COLUMN document SET STORAGE EXTERNAL;}
