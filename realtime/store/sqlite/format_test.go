package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/civicpress/realtimefx/realtime/store"
)

// TestFormatIsAsDocumented reads a room as docs/storage.md says, with nothing
// of ours: whoever changes a format changes that page and the format's version.
// The journal is that of the file store, whose test reads it.
func TestFormatIsAsDocumented(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	const room = "records:é"
	aux := store.Meta{Lineage: "4294967297", Aux: []byte("own bytes")}
	meta := append([]byte{10}, "4294967297own bytes"...)
	if err := s.Create(ctx, room, aux, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1_795_385_872_168)
	if err := s.Append(ctx, []store.Entry{{Room: room, Seq: 1, Update: []byte("first"), At: at}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: room, Seq: 1, State: []byte("state"), CreatedAt: at}, aux); err != nil {
		t.Fatal(err)
	}

	var version, seq, created, format, metaSeq int64
	var state, gotMeta []byte
	var stateHash, metaHash string
	core := raw(t, filepath.Join(dir, "civic.db"))
	err := core.QueryRow(`SELECT version, seq, created_at, format_version, state, state_hash, meta_seq, meta, meta_hash
		FROM realtime_states WHERE room_id = ? ORDER BY version DESC LIMIT 1`, room).
		Scan(&version, &seq, &created, &format, &state, &stateHash, &metaSeq, &gotMeta, &metaHash)
	if err != nil {
		t.Fatal(err)
	}
	hash := func(label string, b []byte) string {
		sum := sha256.Sum256(append([]byte(label+"\x00"), b...))
		return hex.EncodeToString(sum[:])
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	plain, err := d.DecodeAll(state, nil)
	if err != nil || string(plain) != "state" || version != 1 || seq != 1 || created != at.UnixMilli() || format != 1 || metaSeq != 1 {
		t.Errorf("state %q, %v; version %d, seq %d, at %d, format %d, meta of %d", plain, err, version, seq, created, format, metaSeq)
	}
	if want := hash(fmt.Sprintf("state 1 1 %s", room), state); stateHash != want {
		t.Errorf("state_hash %s, want %s", stateHash, want)
	}
	if want := hash(fmt.Sprintf("meta 1 %s", room), meta); metaHash != want || !bytes.Equal(gotMeta, meta) {
		t.Errorf("meta %q with hash %s, want %q with %s", gotMeta, metaHash, meta, want)
	}
}
