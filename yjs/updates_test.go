package yjs

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// The files under testdata that are read here are made by Yjs:
// integration_test/js/engine/fixtures.mjs.

type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	b, err := hex.DecodeString(s)
	*h = b
	return err
}

func loadFixture(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

type updatesCase struct {
	Kind                 string
	Seed                 int
	Updates, UpdatesV2   []hexBytes
	Merged, MergedV2     hexBytes
	Vector, Diff, DiffV2 hexBytes
	Has                  hexBytes
	From, To             map[string]uint64
}

func updatesCases(t testing.TB) []updatesCase {
	var cases []updatesCase
	loadFixture(t, "updates.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	return cases
}

func bytesOf(hs []hexBytes) [][]byte {
	out := make([][]byte, len(hs))
	for i, h := range hs {
		out[i] = h
	}
	return out
}

func TestUpdatesAgainstYjs(t *testing.T) {
	for _, c := range updatesCases(t) {
		t.Run(c.Kind+"-"+strconv.Itoa(c.Seed), func(t *testing.T) {
			check := func(what string, want []byte) func([]byte, error) {
				return func(got []byte, err error) {
					t.Helper()
					if err != nil {
						t.Errorf("%s: %v", what, err)
					} else if !bytes.Equal(got, want) {
						t.Errorf("%s:\n got %x\nwant %x", what, got, want)
					}
				}
			}
			for i := range c.Updates {
				check("to V2", c.UpdatesV2[i])(ConvertV1ToV2(c.Updates[i]))
				// An item of a key says so even where it need not; who reads does not know.
				plain, err := DiffUpdate(c.Updates[i], nil)
				if err != nil {
					t.Fatal(err)
				}
				check("to V1", plain)(ConvertV2ToV1(c.UpdatesV2[i]))
			}
			check("merge", c.Merged)(MergeUpdates(bytesOf(c.Updates)))
			check("merge V2", c.MergedV2)(MergeUpdatesV2(bytesOf(c.UpdatesV2)))
			check("diff", c.Diff)(DiffUpdate(c.Merged, c.Vector))
			check("diff V2", c.DiffV2)(DiffUpdateV2(c.MergedV2, c.Vector))
			check("state vector", c.Has)(StateVectorFromUpdate(c.Merged))
			check("state vector of V2", c.Has)(StateVectorFromUpdateV2(c.MergedV2))
			from, to, err := UpdateMeta(c.Merged)
			if err != nil || !maps.Equal(from, clocksOf(c.From)) || !maps.Equal(to, clocksOf(c.To)) {
				t.Errorf("meta %v to %v, %v; want %v to %v", from, to, err, c.From, c.To)
			}
		})
	}
}

// An update is whole if what it holds from clock 0 is all that it holds.
func TestStateVectorIfWhole(t *testing.T) {
	seen := map[bool]int{}
	test := func(what string, update []byte) {
		t.Helper()
		vector, err := StateVectorFromUpdate(update)
		if err != nil {
			t.Fatal(err)
		}
		want, err := DecodeStateVector(vector)
		if err != nil {
			t.Fatal(err)
		}
		from, to, err := UpdateMeta(update)
		if err != nil {
			t.Fatal(err)
		}
		got, whole, err := StateVectorIfWhole(update)
		if err != nil || whole != maps.Equal(want, to) {
			t.Errorf("%s, %v to %v: whole %v, %v", what, from, to, whole, err)
			return
		}
		if seen[whole]++; !whole {
			return
		}
		if have, err := DecodeStateVector(got); err != nil || !maps.Equal(have, want) {
			t.Errorf("%s: %v, %v, want %v", what, have, err, want)
		}
	}
	for _, c := range updatesCases(t) {
		name := c.Kind + "-" + strconv.Itoa(c.Seed)
		test(name+", merged", c.Merged)
		test(name+", the rest", c.Diff)
		for i, u := range c.Updates {
			test(fmt.Sprintf("%s, update %d", name, i), u)
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("whole or not: %v", seen)
	}
	for name, update := range map[string][]byte{
		"one client in two places": {2, 1, 7, 0, 4, 1, 1, 't', 1, 'a', 1, 7, 1, 0x84, 7, 0, 1, 'b', 0},
		"a skip at the end":        {1, 2, 7, 0, 4, 1, 1, 't', 1, 'a', 10, 3, 0},
	} {
		if _, whole, err := StateVectorIfWhole(update); whole || err != nil {
			t.Errorf("%s: whole %v, %v", name, whole, err)
		}
	}
	for _, cut := range [][]byte{nil, {1}, {1, 1, 7, 0, 4}, {0}} {
		if _, whole, err := StateVectorIfWhole(cut); whole || err == nil {
			t.Errorf("%x: whole %v, %v", cut, whole, err)
		}
	}
}

func clocksOf(m map[string]uint64) StateVector {
	sv := StateVector{}
	for k, v := range m {
		client, _ := strconv.ParseUint(k, 10, 64)
		sv[client] = v
	}
	return sv
}

// A document that gets updates in format V2 must end as one that gets them in V1.
func TestApplyV2(t *testing.T) {
	for _, c := range updatesCases(t) {
		one, two := NewDoc(Options{}), NewDoc(Options{})
		var events, eventsV2 [][]byte
		one.OnUpdateV2(func(u []byte, _ any, _ *Transaction) { eventsV2 = append(eventsV2, u) })
		two.OnUpdate(func(u []byte, _ any, _ *Transaction) { events = append(events, u) })
		for i := range c.Updates {
			if err := one.ApplyUpdate(c.Updates[i], nil); err != nil {
				t.Fatal(err)
			}
			if err := two.ApplyUpdateV2(c.UpdatesV2[i], nil); err != nil {
				t.Fatal(err)
			}
		}
		a, err := one.EncodeStateAsUpdateV2(nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := two.EncodeStateAsUpdateV2(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s %d: states differ:\n%x\n%x", c.Kind, c.Seed, a, b)
		}
		if len(events) != len(eventsV2) {
			t.Fatalf("%d events in V1, %d in V2", len(events), len(eventsV2))
		}
		for i := range events {
			// Only a document knows of all items whether they belong to a key.
			back, err := ConvertV2ToV1(eventsV2[i])
			if err != nil {
				t.Fatal(err)
			}
			plain, err := DiffUpdate(events[i], nil)
			if err != nil || !bytes.Equal(back, plain) {
				t.Errorf("event %d: %x in V1, %x by way of V2, %v", i, plain, back, err)
			}
		}
	}
}

func TestMergeManyUpdates(t *testing.T) {
	// More than sortedQueueMax updates, delivered in disorder, against Yjs's
	// answer for the same: the whole state of one client typing.
	d := NewDoc(Options{ClientID: 1})
	var updates [][]byte
	d.OnUpdate(func(u []byte, _ any, _ *Transaction) { updates = append(updates, u) })
	text := d.Text("t")
	for i := range 3 * sortedQueueMax {
		err := d.Transact(nil, func(tx *Transaction) error { return text.Insert(tx, i/2, string(rune('a'+i%26)), nil) })
		if err != nil {
			t.Fatal(err)
		}
	}
	merged, err := MergeUpdates(updates)
	if err != nil {
		t.Fatal(err)
	}
	disordered := bytesOf(nil)
	for i := range updates {
		disordered = append(disordered, updates[(i*100)%len(updates)], updates[i])
	}
	again, err := MergeUpdates(disordered)
	if err != nil || !bytes.Equal(merged, again) {
		t.Errorf("merge of updates in disorder differs: %v\n%x\n%x", err, again, merged)
	}
	back := NewDoc(Options{})
	if err := back.ApplyUpdate(merged, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := back.Text("t").String(), text.String(); got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

// Values that JSON does not have must survive in format V2, and be refused or
// become what JSON.stringify makes of them in V1.
func TestRawValues(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value any
		json  string // "" if there is none
	}{
		{"undefined inside", lib0.Object{{Key: "a", Value: lib0.Undefined}, {Key: "b", Value: 1.0}}, `{"b":1}`},
		{"negative zero", lib0.Object{{Key: "a", Value: negativeZero}}, `{"a":0}`},
		{"BigInt", lib0.Object{{Key: "a", Value: lib0.BigInt(5)}}, ""},
		{"undefined", lib0.Undefined, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			value, err := lib0.AppendAny([]byte{rawValue}, tc.value)
			if err != nil {
				t.Fatal(err)
			}
			w := &v2Writer{}
			b := block{id: ID{7, 0}, info: kindEmbed, len: 1, hasName: true, rootName: []byte("t"), data: value}
			if err := w.write(&b, 0); err != nil {
				t.Fatal(err)
			}
			update, err := w.finish(nil)
			if err != nil {
				t.Fatal(err)
			}
			internal, err := toInternal(update, defaultV2Expansion)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := internalToV2(internal); err != nil || !bytes.Equal(again, update) {
				t.Errorf("V2 by way of the internal form: %x, %v; want %x", again, err, update)
			}
			v1, err := ConvertV2ToV1(update)
			if tc.json == "" {
				if !errors.Is(err, ErrValue) {
					t.Errorf("V1 is %x, error %v; want ErrValue", v1, err)
				}
			} else if err != nil || !bytes.Contains(v1, []byte(tc.json)) {
				t.Errorf("V1 is %q, error %v; want one with %s", v1, err, tc.json)
			}
		})
	}
}

var negativeZero = func() float64 { z := 0.0; return -z }()

// Twenty bytes that announce 2^50 structs must neither take time nor memory.
func TestV2Bomb(t *testing.T) {
	w := &v2Writer{}
	b := block{id: ID{1, 0}, info: kindGC, len: 1}
	if err := w.write(&b, 0); err != nil {
		t.Fatal(err)
	}
	w.heads[0].structs = 1 << 50
	w.length.run = 1 << 50
	bomb, err := w.finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(bomb) > 60 {
		t.Fatalf("%d bytes are no bomb", len(bomb))
	}
	for name, f := range map[string]func() error{
		"apply":   func() error { return NewDoc(Options{}).ApplyUpdateV2(bomb, nil) },
		"convert": func() error { _, err := ConvertV2ToV1(bomb); return err },
		"merge":   func() error { _, err := MergeUpdatesV2([][]byte{bomb, bomb}); return err },
		"diff":    func() error { _, err := DiffUpdateV2(bomb, nil); return err },
	} {
		if err := f(); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: error %v, want ErrLimit", name, err)
		}
	}
}

func TestUpdatesAreRefused(t *testing.T) {
	for _, c := range updatesCases(t)[:4] {
		for cut := range len(c.Merged) {
			short := c.Merged[:cut]
			if _, err := ConvertV1ToV2(short); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: first %d of %d bytes: error %v, want ErrMalformed", c.Kind, cut, len(c.Merged), err)
			}
			if _, err := MergeUpdates([][]byte{short, c.Merged}); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: merge with first %d of %d bytes: error %v, want ErrMalformed", c.Kind, cut, len(c.Merged), err)
			}
		}
		for cut := range len(c.MergedV2) {
			if _, err := ConvertV2ToV1(c.MergedV2[:cut]); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: first %d of %d bytes of V2: error %v, want ErrMalformed", c.Kind, cut, len(c.MergedV2), err)
			}
		}
	}
}

func FuzzUpdates(f *testing.F) {
	for _, c := range updatesCases(f) {
		f.Add([]byte(c.Merged), []byte(c.Updates[0]), []byte(c.Vector))
	}
	f.Fuzz(func(t *testing.T, a, b, vector []byte) {
		merged, err := MergeUpdates([][]byte{a, b})
		if err != nil {
			return
		}
		if _, _, err := UpdateMeta(merged); err != nil {
			t.Fatalf("meta of merged: %v", err)
		}
		if _, err := StateVectorFromUpdate(merged); err != nil {
			t.Fatalf("state vector of merged: %v", err)
		}
		if len(vector) > 0 {
			if _, err := DecodeStateVector(vector); err == nil {
				if _, err := DiffUpdate(merged, vector); err != nil {
					t.Fatalf("diff of merged: %v", err)
				}
			}
		}
		v2, err := ConvertV1ToV2(merged)
		if err != nil {
			t.Fatalf("merged does not convert: %v", err)
		}
		back, err := ConvertV2ToV1(v2)
		if errors.Is(err, ErrLimit) {
			return
		}
		if err != nil {
			t.Fatalf("V2 does not convert back: %v", err)
		}
		again, err := ConvertV1ToV2(back)
		if err != nil || !bytes.Equal(again, v2) {
			t.Fatalf("V2 to V1 and back: %v\n%x\n%x", err, v2, again)
		}
	})
}

// apart returns an update, in which V1 may hold a client's deletes in any order and
// twice, with these sorted and joined: format V2 cannot hold them otherwise.
func apart(t *testing.T, internal []byte) []byte {
	t.Helper()
	r, err := newBlockReader(internal, true)
	for more := err == nil; more; {
		more, err = r.next(&block{})
	}
	structs := internal[:r.dec.Pos():r.dec.Pos()]
	if err != nil {
		t.Fatal(err)
	}
	ds, err := readDeleteSet(&r.dec)
	if err != nil {
		t.Fatal(err)
	}
	for i := range ds {
		if !areApart(ds[i].ranges) {
			ds[i].ranges = joinRanges(ds[i].ranges)
		}
	}
	return ds.append(structs)
}

func FuzzUpdateV2(f *testing.F) {
	for _, c := range updatesCases(f) {
		f.Add([]byte(c.MergedV2))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		internal, err := toInternal(b, defaultV2Expansion)
		if err != nil {
			return
		}
		v2, err := internalToV2(internal)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := toInternal(v2, defaultV2Expansion)
		if errors.Is(err, ErrLimit) {
			return // written without references to keys it may be smaller
		}
		if want := apart(t, internal); err != nil || !bytes.Equal(again, want) {
			t.Fatalf("read again: %v\n%x\n%x", err, want, again)
		}
		d := NewDoc(Options{})
		if err := d.ApplyUpdateV2(b, nil); err != nil && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrMalformed) {
			t.Fatalf("reads but does not apply: %v", err)
		}
	})
}
