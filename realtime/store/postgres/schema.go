package postgres

// migrations are applied in order, each once.
var migrations = []string{
	`CREATE TABLE IF NOT EXISTS realtime_snapshots (
		id TEXT PRIMARY KEY, room_id TEXT NOT NULL, snapshot_data BYTEA NOT NULL, version BIGINT NOT NULL,
		integrity_hash TEXT NOT NULL DEFAULT '', format_version BIGINT NOT NULL DEFAULT 1,
		byte_size BIGINT NOT NULL DEFAULT 0, created_at BIGINT NOT NULL);
	CREATE INDEX IF NOT EXISTS idx_realtime_snapshots_room_id ON realtime_snapshots(room_id);
	CREATE INDEX IF NOT EXISTS realtime_snapshots_created_at_idx ON realtime_snapshots(created_at);
	CREATE TABLE realtime_states (
		room_id TEXT NOT NULL, version BIGINT NOT NULL, seq BIGINT NOT NULL, created_at BIGINT NOT NULL,
		format_version BIGINT NOT NULL, state BYTEA NOT NULL, state_hash TEXT NOT NULL,
		meta_seq BIGINT NOT NULL, meta BYTEA NOT NULL, meta_hash TEXT NOT NULL,
		PRIMARY KEY (room_id, version));
	CREATE TABLE realtime_journal (
		room_id TEXT NOT NULL, seq BIGINT NOT NULL, author BIGINT NOT NULL, at BIGINT NOT NULL,
		data BYTEA NOT NULL, meta BYTEA, sum BIGINT NOT NULL,
		PRIMARY KEY (room_id, seq));
	CREATE TABLE realtime_damaged (
		id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room_id TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,
		found_at BIGINT NOT NULL, data BYTEA)`,
	`CREATE INDEX IF NOT EXISTS realtime_snapshots_room_version_idx ON realtime_snapshots(room_id, version);`,
}
