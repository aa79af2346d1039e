-- What the event log has still to be told. A change and its row commit together.
-- Readers take rows in the order (transaction_id, sequence) and only those of transactions below
-- pg_snapshot_xmin(pg_current_snapshot()): a transaction that began earlier and commits later is waited for, not skipped.

CREATE TABLE outbox (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id XID8 NOT NULL DEFAULT pg_current_xact_id(),
    kind TEXT NOT NULL CHECK (kind IN ('campaign', 'pod')),
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    -- JSON, not JSONB: the text goes out as it came in. NULL: deleted.
    document JSON,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    relayed_at TIMESTAMP WITH TIME ZONE
);

CREATE INDEX idx_outbox_waiting ON outbox (transaction_id, sequence) WHERE relayed_at IS NULL;
