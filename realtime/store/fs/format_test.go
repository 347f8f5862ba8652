package fs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/fs"
)

// TestFormatIsAsDocumented reads the files as docs/storage.md says, with nothing
// of ours: whoever changes a format changes that page and the format's version.
func TestFormatIsAsDocumented(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, fs.Options{Dir: dir})
	const room = "records:É"
	at := time.UnixMilli(1_795_385_872_168)
	aux := store.Meta{Lineage: "4294967297", Aux: []byte("own bytes")}
	meta := append([]byte{10}, "4294967297own bytes"...)
	if err := s.Create(ctx, room, aux, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(ctx, []store.Entry{
		{Room: room, Seq: 1, Update: []byte("first"), Author: -3, At: at},
		{Room: room, Seq: 2, Author: 300, At: at, Meta: &aux},
		{Room: room, Seq: 4, At: at},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(ctx, room); err != nil { // puts 4 aside
		t.Fatal(err)
	}
	if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: room, Seq: 1, State: []byte("state"), CreatedAt: at}, aux); err != nil {
		t.Fatal(err)
	}

	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	read := func(name ...string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(append([]string{dir}, name...)...))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for suffix, magic := range map[string]string{".state": "CPRTSTA\x01", ".meta": "CPRTMTA\x01"} {
		b := read("snapshots", "r-records%3a%c3%89", "1-1"+suffix)
		sum := sha256.Sum256(b[:len(b)-32])
		if !bytes.Equal(sum[:], b[len(b)-32:]) {
			t.Errorf("%s: hash", suffix)
		}
		head := binary.AppendVarint([]byte(magic), 1)
		head = binary.AppendUvarint(head, 1)
		head = binary.AppendVarint(head, at.UnixMilli())
		head = append(binary.AppendUvarint(head, uint64(len(room))), room...)
		body, ok := bytes.CutPrefix(b[:len(b)-32], head)
		if suffix == ".meta" { // its time is that of its writing
			at := bytes.Index(b, []byte(room))
			body, ok = b[at+len(room):len(b)-32], at > 0 && bytes.HasPrefix(b, []byte(magic))
		}
		plain, err := d.DecodeAll(body, nil)
		if want := map[string]string{".state": "state", ".meta": string(meta)}[suffix]; err != nil || string(plain) != want {
			ok = false
		}
		if !ok {
			t.Errorf("%s: %q", suffix, b)
		}
	}

	record := func(payload []byte) []byte {
		b := []byte{0xc1, 0x7e}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)))
		return append(b, payload...)
	}
	entry := func(seq uint64, author int64, update string, m []byte) []byte {
		b := binary.AppendUvarint([]byte{1}, seq)
		b = binary.AppendVarint(b, author)
		b = binary.AppendVarint(b, at.UnixMilli())
		b = append(binary.AppendUvarint(b, uint64(len(room))), room...)
		b = append(binary.AppendUvarint(b, uint64(len(update))), update...)
		if m != nil {
			b = append(append(b, 1), m...)
		}
		return record(b)
	}
	want := []byte("CPRTJNL\x01")
	want = append(want, entry(1, -3, "first", nil)...)
	want = append(want, entry(2, 300, "", meta)...)
	want = append(want, entry(4, 0, "", nil)...)
	want = append(want, record(append([]byte{2, 4}, room...))...)
	if got := read("journal", "00000001.log"); !bytes.Equal(got, want) {
		t.Errorf("journal\n%x, want\n%x", got, want)
	}
}
