-- Reviews that are answered, reported and hidden; versions that must not run any more; what the catalogue follows.

-- Which version its author had run last; what the agent's developer answered; hidden ones are shown to their author alone.
ALTER TABLE reviews ADD COLUMN version TEXT;
ALTER TABLE reviews ADD COLUMN reply TEXT;
ALTER TABLE reviews ADD COLUMN replied_at BIGINT;
ALTER TABLE reviews ADD COLUMN hidden_at BIGINT;
ALTER TABLE reviews ADD COLUMN hidden_reason TEXT;
CREATE INDEX reviews_agent_updated ON reviews (agent_id, updated_at);

-- What accounts have against a review, until an administrator has looked.
CREATE TABLE review_reports (
    review_id   TEXT    NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    reporter    TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (review_id, reporter)
);
CREATE INDEX review_reports_created ON review_reports (created_at);

-- Agents whose ratings are to be added up again.
CREATE TABLE rating_events (
    id        TEXT  NOT NULL PRIMARY KEY,
    agent_id  TEXT  NOT NULL REFERENCES agent_definitions (id) ON DELETE CASCADE
);

-- When the agent last changed in the eyes of a reader of the marketplace, its statistics included.
ALTER TABLE agent_definitions ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE agent_definitions SET changed_at = updated_at;
CREATE INDEX agent_definitions_changed ON agent_definitions (changed_at);

-- A version that is not safe to run: no new runs, no new deployments.
ALTER TABLE agent_versions ADD COLUMN yanked_at BIGINT;
ALTER TABLE agent_versions ADD COLUMN yanked_by TEXT;
ALTER TABLE agent_versions ADD COLUMN yank_reason TEXT;
