package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
)

// TestFormatIsAsDocumented reads a room as docs/storage.md says, with nothing
// of ours: whoever changes a format changes that page and the format's version.
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
	entries := []store.Entry{
		{Room: room, Seq: 1, Update: []byte("first"), Author: -3, At: at},
		{Room: room, Seq: 2, Author: 300, At: at, Meta: &aux},
	}
	if err := s.Append(ctx, entries); err != nil {
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

	journal := raw(t, filepath.Join(dir, sqlite.JournalName))
	for _, e := range entries {
		var author, when, sum int64
		var data, m []byte
		if err := journal.QueryRow(`SELECT author, at, data, meta, sum FROM realtime_journal WHERE room_id = ? AND seq = ?`, room, e.Seq).
			Scan(&author, &when, &data, &m, &sum); err != nil {
			t.Fatal(err)
		}
		b := binary.AppendUvarint(nil, e.Seq)
		b = binary.AppendVarint(b, author)
		b = binary.AppendVarint(b, when)
		b = binary.AppendUvarint(b, uint64(len(room)))
		b = binary.AppendUvarint(b, uint64(len(data)))
		b = append(append(b, room...), data...)
		if e.Meta != nil {
			b = append(append(b, 1), meta...)
		}
		if want := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)); sum != int64(want) {
			t.Errorf("entry %d: sum %d, want %d", e.Seq, sum, want)
		}
		if author != e.Author || when != at.UnixMilli() || !bytes.Equal(data, e.Update) || (m != nil) != (e.Meta != nil) || m != nil && !bytes.Equal(m, meta) {
			t.Errorf("entry %d: author %d at %d, %q, meta %q", e.Seq, author, when, data, m)
		}
	}
}
