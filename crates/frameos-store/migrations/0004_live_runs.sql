-- What a run uses while it goes on, written once a second: on its ticket and not on its row, because the ticket is small, its
-- claim fences older attempts off, and it is gone when the run has ended. JSON, encrypted.
ALTER TABLE tickets ADD COLUMN live {BLOB|BYTEA};

-- Never written by any release; progress is part of `live`.
ALTER TABLE agent_executions DROP COLUMN progress;
ALTER TABLE agent_executions DROP COLUMN progress_message;
