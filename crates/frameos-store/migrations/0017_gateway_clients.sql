-- Who may use a payment gateway of its own, what it has signed, and mandates in the form that other systems read.

-- A platform with accounts of its own: what it owns is stored under `<id>/<name>`.
CREATE TABLE gateway_clients (
    id                   TEXT    NOT NULL PRIMARY KEY,
    name                 TEXT    NOT NULL UNIQUE,
    -- An Ed25519 public key, base64url. With one, requests must be signed.
    signing_key          TEXT,
    -- NULL: what the configuration says.
    requests_per_second  BIGINT,
    created_at           BIGINT  NOT NULL,
    revoked_at           BIGINT,
    CONSTRAINT gateway_clients_requests_check CHECK (requests_per_second > 0)
);

-- API keys, by their SHA-256. A rotated one stays until its time is over.
CREATE TABLE gateway_client_keys (
    hash          TEXT    NOT NULL PRIMARY KEY,
    client_id     TEXT    NOT NULL REFERENCES gateway_clients (id),
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT,
    last_used_at  BIGINT
);
CREATE INDEX gateway_client_keys_client ON gateway_client_keys (client_id);

-- Nonces of signed requests, for as long as their signatures would be accepted.
CREATE TABLE gateway_nonces (
    client_id   TEXT    NOT NULL,
    nonce       TEXT    NOT NULL,
    expires_at  BIGINT  NOT NULL,
    PRIMARY KEY (client_id, nonce)
){ WITHOUT ROWID|};
CREATE INDEX gateway_nonces_expiry ON gateway_nonces (expires_at);

-- A mandate as an AP2 pair, made when it is first asked for and the same ever after.
CREATE TABLE ap2_mandates (
    mandate_id        TEXT    NOT NULL PRIMARY KEY REFERENCES mandates (id),
    checkout_jwt      TEXT    NOT NULL,
    checkout_mandate  TEXT    NOT NULL,
    payment_mandate   TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL
);
CREATE TRIGGER ap2_mandates_no_update BEFORE UPDATE ON ap2_mandates
    {BEGIN SELECT RAISE(ABORT, 'ap2_mandates is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
CREATE TRIGGER ap2_mandates_no_delete BEFORE DELETE ON ap2_mandates
    {BEGIN SELECT RAISE(ABORT, 'ap2_mandates is append-only'); END|FOR EACH ROW EXECUTE FUNCTION refuse_change()};
