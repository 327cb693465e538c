-- Why a run failed, as one of the names of `FailureReason`. NULL for a success, and for runs that ended before this column.
ALTER TABLE agent_executions ADD COLUMN failure_reason TEXT;
