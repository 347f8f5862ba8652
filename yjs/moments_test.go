package yjs

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

type momentsCase struct {
	Seed      int
	GC        bool // the document in which positions are looked up collects
	Updates   []hexBytes
	Moments   []momentCase
	Positions []struct {
		After, Text, Index, Assoc int
		Bytes                     hexBytes
		JSON                      string
		Later                     []struct{ After, Index int }
	}
}

type momentCase struct {
	After    int
	V1, V2   hexBytes
	Restored hexBytes
	Deltas   []struct {
		Before *int
		Texts  []any
	}
	Knows []bool
}

func momentsCases(t testing.TB) []momentsCase {
	var cases []momentsCase
	loadFixture(t, "moments.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	return cases
}

// docAfter returns a document with the first n updates.
func (c *momentsCase) docAfter(t *testing.T, n int, o Options) *Doc {
	d := NewDoc(o)
	d.Text("notes")
	d.XMLFragment("default")
	for _, u := range c.Updates[:n] {
		if err := d.ApplyUpdate(u, nil); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

type momentText interface {
	Node
	DeltaBetween(before, at *Snapshot) []DeltaOp
}

func momentTexts(d *Doc) []momentText {
	texts := []momentText{d.Text("notes")}
	if t, ok := d.XMLFragment("default").Get(0).(*XMLText); ok {
		texts = append(texts, t)
	}
	return texts
}

func TestSnapshotsAgainstYjs(t *testing.T) {
	for _, c := range momentsCases(t) {
		whole := c.docAfter(t, len(c.Updates), Options{DisableGC: true})
		snapshots := make([]*Snapshot, len(c.Moments))
		for i, m := range c.Moments {
			s := c.docAfter(t, m.After, Options{DisableGC: true}).Snapshot()
			snapshots[i] = s
			if got := s.Encode(); !bytes.Equal(got, m.V1) {
				t.Errorf("seed %d moment %d: %x, want %x", c.Seed, i, got, m.V1)
			}
			if got := s.EncodeV2(); !bytes.Equal(got, m.V2) {
				t.Errorf("seed %d moment %d in V2: %x, want %x", c.Seed, i, got, m.V2)
			}
			for version, decode := range map[string]func() (*Snapshot, error){
				"V1": func() (*Snapshot, error) { return DecodeSnapshot(m.V1) },
				"V2": func() (*Snapshot, error) { return DecodeSnapshotV2(m.V2) },
			} {
				if back, err := decode(); err != nil || !back.Equal(s) {
					t.Errorf("seed %d moment %d: %s does not read back: %v", c.Seed, i, version, err)
				}
			}
			then, err := whole.At(s, Options{DisableGC: true})
			if err != nil {
				t.Fatal(err)
			}
			state, err := then.EncodeStateAsUpdate(nil)
			if err != nil || !bytes.Equal(state, m.Restored) {
				t.Errorf("seed %d moment %d: restored %x, want %x (%v)", c.Seed, i, state, m.Restored, err)
			}
			for k, u := range c.Updates {
				if knows, err := s.Contains(u); err != nil || knows != m.Knows[k] {
					t.Errorf("seed %d moment %d: knows update %d: %v, %v; want %v", c.Seed, i, k, knows, err, m.Knows[k])
				}
			}
			for _, d := range m.Deltas {
				var before *Snapshot
				if d.Before != nil {
					before = snapshots[*d.Before]
				}
				for k, text := range momentTexts(whole)[:len(d.Texts)] {
					if got := deltaJSON(t, text.DeltaBetween(before, s)); !reflect.DeepEqual(got, d.Texts[k]) {
						t.Errorf("seed %d moment %d before %v text %d:\n got %v\nwant %v", c.Seed, i, d.Before, k, got, d.Texts[k])
					}
				}
			}
		}
	}
}

// deltaJSON returns a delta as encoding/json reads Yjs's.
func deltaJSON(t *testing.T, ops []DeltaOp) any {
	list := []any{}
	for _, op := range ops {
		o := lib0.Object{{Key: "insert", Value: op.Insert}}
		if len(op.Attributes) > 0 {
			o = append(o, lib0.Field{Key: "attributes", Value: op.Attributes})
		}
		list = append(list, o)
	}
	text, err := lib0.AppendJSON(nil, list)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAtNeedsWhatWasDeleted(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	s := d.Snapshot()
	if _, err := d.At(s, Options{}); !errors.Is(err, ErrCollected) {
		t.Errorf("document that collects: error %v, want ErrCollected", err)
	}
	d = NewDoc(Options{ClientID: 1, DisableGC: true})
	old := d.Snapshot()
	if err := d.Transact(nil, func(tx *Transaction) error { return d.Text("t").Insert(tx, 0, "later", nil) }); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDoc(Options{DisableGC: true}).At(d.Snapshot(), Options{}); !errors.Is(err, ErrSnapshot) {
		t.Errorf("snapshot of the future: error %v, want ErrSnapshot", err)
	}
	if then, err := d.At(old, Options{}); err != nil || then.Text("t").Len() != 0 {
		t.Errorf("empty moment: %v", err)
	}
	if now := d.Snapshot(); now.Equal(old) || !now.Equal(d.Snapshot()) {
		t.Error("snapshots of different moments are equal, or those of the same are not")
	}
}

func TestRelativePositionsAgainstYjs(t *testing.T) {
	for _, c := range momentsCases(t) {
		for i, p := range c.Positions {
			d := c.docAfter(t, p.After, Options{DisableGC: !c.GC})
			text := momentTexts(d)[p.Text]
			pos, err := RelativePositionAt(text, p.Index, p.Assoc)
			if err != nil {
				t.Fatalf("seed %d position %d: %v", c.Seed, i, err)
			}
			if got, err := pos.Encode(); err != nil || !bytes.Equal(got, p.Bytes) {
				t.Errorf("seed %d position %d: %x, %v; want %x", c.Seed, i, got, err, p.Bytes)
			}
			if got, err := json.Marshal(pos); err != nil || string(got) != p.JSON {
				t.Errorf("seed %d position %d: %s, %v; want %s", c.Seed, i, got, err, p.JSON)
			}
			var read RelativePosition
			if err := json.Unmarshal([]byte(p.JSON), &read); err != nil || !reflect.DeepEqual(read, pos) {
				t.Errorf("seed %d position %d: read back %+v, %v; want %+v", c.Seed, i, read, err, pos)
			}
			decoded, err := DecodeRelativePosition(p.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range p.Later {
				n, index, ok := c.docAfter(t, l.After, Options{DisableGC: !c.GC}).Resolve(decoded)
				if !ok {
					index = -1
				}
				if index != l.Index {
					t.Errorf("seed %d position %d after %d updates: index %d in %T, want %d", c.Seed, i, l.After, index, n, l.Index)
				}
			}
		}
	}
}

func TestRelativePositionErrors(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	text := d.Text("t")
	for _, index := range []int{-1, 1} {
		if _, err := RelativePositionAt(text, index, 0); !errors.Is(err, ErrRange) {
			t.Errorf("index %d of an empty text: error %v, want ErrRange", index, err)
		}
	}
	if _, err := (RelativePosition{}).Encode(); !errors.Is(err, ErrPosition) {
		t.Errorf("position that names nothing: error %v, want ErrPosition", err)
	}
	for _, s := range []string{"", "00", "0001", "0105", "0301", "0201"} {
		b, _ := hex.DecodeString(s)
		if _, err := DecodeRelativePosition(b); !errors.Is(err, ErrPosition) {
			t.Errorf("bytes %q: error %v, want ErrPosition", s, err)
		}
	}
	root := "never seen"
	for name, p := range map[string]RelativePosition{
		"an unknown root": {Root: &root}, "an unknown item": {Item: &ID{9, 9}}, "an unknown type": {Type: &ID{9, 9}}, "nothing": {},
	} {
		if n, index, ok := d.Resolve(p); ok {
			t.Errorf("position of %s resolves to %v, %d", name, n, index)
		}
	}
	if roots := d.Roots(); len(roots) != 1 {
		t.Errorf("looking a position up made roots: %v", roots)
	}
}

func FuzzRelativePosition(f *testing.F) {
	for _, c := range momentsCases(f) {
		for _, p := range c.Positions {
			f.Add([]byte(p.Bytes))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodeRelativePosition(b)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if q, err := DecodeRelativePosition(again); err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("%+v reads back as %+v, %v", p, q, err)
		}
		NewDoc(Options{}).Resolve(p)
	})
}

func FuzzSnapshot(f *testing.F) {
	for _, c := range momentsCases(f) {
		for _, m := range c.Moments {
			f.Add([]byte(m.V1), []byte(m.V2))
		}
	}
	f.Fuzz(func(t *testing.T, v1, v2 []byte) {
		if s, err := DecodeSnapshot(v1); err == nil {
			if back, err := DecodeSnapshot(s.Encode()); err != nil || !back.Equal(s) {
				t.Fatalf("V1 does not read back: %v", err)
			}
			if back, err := DecodeSnapshotV2(s.EncodeV2()); err != nil || !back.Equal(s) {
				t.Fatalf("V1 does not read back as V2: %v", err)
			}
			NewDoc(Options{DisableGC: true}).At(s, Options{})
		}
		if s, err := DecodeSnapshotV2(v2); err == nil {
			if back, err := DecodeSnapshotV2(s.EncodeV2()); err != nil || !back.Equal(s) {
				t.Fatalf("V2 does not read back: %v", err)
			}
		}
	})
}
