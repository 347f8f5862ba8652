package yjs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// hostileUpdates are small examples of what an attacker would send; more of them,
// larger ones, may lie beside the repository.
func hostileUpdates(t testing.TB) map[string][]byte {
	head := func(structs, client, clock uint64) []byte {
		b := lib0.AppendVarUint([]byte{1}, structs)
		return lib0.AppendVarUint(lib0.AppendVarUint(b, client), clock)
	}
	str := func(b []byte, s string) []byte { // an item at the start of root "t"
		b = append(b, kindString, 1)
		return lib0.AppendString(lib0.AppendString(b, "t"), s)
	}
	deep := append(head(1, 1, 0), kindAny, 1, 1, 't', 1)
	deep = append(append(deep, bytes.Repeat([]byte{117, 1}, 50_000)...), 126, 0)
	many := head(20_000, 1, 0)
	for range 20_000 {
		many = str(many, "x")
	}
	manyDeletes := lib0.AppendVarUint([]byte{0, 1, 1}, 20_000)
	for i := range uint64(20_000) {
		manyDeletes = lib0.AppendVarUint(lib0.AppendVarUint(manyDeletes, 2*i), 1)
	}
	manyClients := lib0.AppendVarUint(nil, 5000)
	for i := range uint64(5000) {
		manyClients = str(append(lib0.AppendVarUint(append(manyClients, 1), i), 0), "x")
	}
	all := map[string][]byte{
		"2^50 structs":      head(1<<50, 1, 0),
		"a gap of 2^50":     append(str(head(1, 1, 1<<50), "x"), 0),
		"2^52 deleted":      append(lib0.AppendVarUint(append(head(1, 1, 0), kindGC), 1<<52), 0),
		"a long string":     append(str(head(1, 1, 0), string(bytes.Repeat([]byte("x"), 100_000))), 0),
		"string of 2^40":    append(append(head(1, 1, 0), kindString, 1, 1, 't'), lib0.AppendVarUint(nil, 1<<40)...),
		"deep nesting":      deep,
		"20,000 items":      append(many, 0),
		"5,000 clients":     append(manyClients, 0),
		"20,000 deletes":    manyDeletes,
		"2^50 clients":      lib0.AppendVarUint(nil, 1<<50),
		"2^50 deletes":      lib0.AppendVarUint([]byte{0, 1, 1}, 1<<50),
		"no end of a count": bytes.Repeat([]byte{0xff}, 1000),
	}
	files, _ := filepath.Glob("../../shared/replica/hostile/*.bin")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = b
	}
	return all
}

// Whatever the bytes are, what works without a document answers, and takes at most
// 64 bytes for each byte and one megabyte.
func TestHostileUpdatesWithoutDocument(t *testing.T) {
	for name, u := range hostileUpdates(t) {
		for act, f := range map[string]func() error{
			"merge":        func() error { _, err := MergeUpdates([][]byte{u, u}); return err },
			"diff":         func() error { _, err := DiffUpdate(u, []byte{1, 1, 5}); return err },
			"meta":         func() error { _, _, err := UpdateMeta(u); return err },
			"state vector": func() error { _, err := StateVectorFromUpdate(u); return err },
			"to V2":        func() error { _, err := ConvertV1ToV2(u); return err },
			"as V2":        func() error { _, err := ConvertV2ToV1(u); return err },
			"snapshot":     func() error { DecodeSnapshot(u); DecodeSnapshotV2(u); return nil },
			"position":     func() error { DecodeRelativePosition(u); return nil },
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := f()
			runtime.ReadMemStats(&after)
			if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrValue) {
				t.Errorf("%s of %s: error %v is no ErrMalformed, ErrLimit or ErrValue", act, name, err)
			}
			most := uint64(64*len(u) + 1<<20)
			if act == "merge" {
				most = uint64(2*64*len(u) + 1<<20)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > most {
				t.Errorf("%s of %s: %d bytes allocated for %d, at most %d are allowed", act, name, got, len(u), most)
			}
		}
	}
}
