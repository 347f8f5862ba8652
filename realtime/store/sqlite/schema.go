package sqlite

// migrations are applied in order, each once; the number done is kept in
// realtime_schema. CivicPress's own table is made only if it is missing.
var migrations = []string{
	`CREATE TABLE IF NOT EXISTS realtime_snapshots (
		id TEXT PRIMARY KEY, room_id TEXT NOT NULL, snapshot_data BLOB NOT NULL, version INTEGER NOT NULL,
		integrity_hash TEXT NOT NULL DEFAULT '', format_version INTEGER NOT NULL DEFAULT 1,
		byte_size INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
	CREATE INDEX IF NOT EXISTS idx_realtime_snapshots_room_id ON realtime_snapshots(room_id);
	CREATE INDEX IF NOT EXISTS realtime_snapshots_created_at_idx ON realtime_snapshots(created_at);
	CREATE TABLE realtime_states (
		room_id TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL, created_at INTEGER NOT NULL,
		format_version INTEGER NOT NULL, state BLOB NOT NULL, state_hash TEXT NOT NULL,
		meta_seq INTEGER NOT NULL, meta BLOB NOT NULL, meta_hash TEXT NOT NULL,
		PRIMARY KEY (room_id, version)) WITHOUT ROWID;
	CREATE TABLE realtime_damaged (
		id INTEGER PRIMARY KEY, room_id TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,
		found_at INTEGER NOT NULL, data BLOB);`,
	// In a row, the version stands behind the snapshot's bytes: without this index
	// to ask for it is to read all of them, of three snapshots.
	`CREATE INDEX IF NOT EXISTS realtime_snapshots_room_version_idx ON realtime_snapshots(room_id, version);`,
}
