-- What reviewers accepted of what the scan flagged. What was withdrawn is gone here and stays in the audit log.

CREATE TABLE finding_acceptances (
    version_id    TEXT    NOT NULL REFERENCES agent_versions (id) ON DELETE CASCADE,
    -- The same finding has the same one in another version.
    fingerprint   TEXT    NOT NULL,
    accepted_by   TEXT    NOT NULL,
    accepted_at   BIGINT  NOT NULL,
    reason        TEXT    NOT NULL,
    -- The version that a person accepted it for, when this row only repeats that by rule.
    carried_from  TEXT,
    PRIMARY KEY (version_id, fingerprint),
    CONSTRAINT finding_acceptances_reason_check CHECK (reason <> '')
);
