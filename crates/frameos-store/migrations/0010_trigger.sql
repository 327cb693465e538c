-- A run is its own idempotency record: what was asked under its key, and what its first answer estimated, so that a repeat
-- is told apart from another request and answered alike. NULL for runs older than the columns.
ALTER TABLE agent_executions ADD COLUMN request_fingerprint TEXT;
ALTER TABLE agent_executions ADD COLUMN estimated_duration_ms BIGINT;
