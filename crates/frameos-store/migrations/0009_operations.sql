-- Who runs agents, and what an operator asks of runs.

-- Worker processes, each renewing its own row every few seconds. One that was lost stays for a while, to be seen.
CREATE TABLE workers (
    name        TEXT     NOT NULL PRIMARY KEY,
    host        TEXT     NOT NULL,
    pid         BIGINT   NOT NULL,
    version     TEXT     NOT NULL,
    isolation   TEXT,
    slots       BIGINT   NOT NULL,
    busy        BIGINT   NOT NULL,
    draining    BOOLEAN  NOT NULL,
    started_at  BIGINT   NOT NULL,
    last_seen   BIGINT   NOT NULL
);

-- Attempts that did not simply end are few, and asked for by time.
CREATE INDEX execution_attempts_outcome ON execution_attempts (started_at, outcome) WHERE outcome <> 'ended';

-- How long a day's runs took, as `DurationHistogram` writes it. NULL where no run was counted since this column.
ALTER TABLE agent_stats_daily ADD COLUMN durations {BLOB|BYTEA};
