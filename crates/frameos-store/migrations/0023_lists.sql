-- Lists for administrators and developers, in the order they are looked at.

-- Whoever asks for an agent's runs asks for the latest.
DROP INDEX agent_executions_agent_status;
CREATE INDEX agent_executions_agent_created ON agent_executions (agent_id, created_at, status);

CREATE INDEX audit_log_actor ON audit_log (actor, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX refund_requests_created ON refund_requests (created_at);
