-- What is swept after its time is found without reading the rest.

CREATE INDEX idx_outbox_relayed ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;
CREATE INDEX idx_sessions_expired ON sessions (expires_at);
