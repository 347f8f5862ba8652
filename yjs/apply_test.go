package yjs

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// testDoc is a document that holds the updates.
func testDoc(t testing.TB, o Options, updates ...[]byte) *Doc {
	t.Helper()
	d := NewDoc(o)
	for i, u := range updates {
		if err := d.ApplyUpdate(u, nil); err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	d.check(t)
	return d
}

func state(t testing.TB, d *Doc) []byte {
	t.Helper()
	u, err := d.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (v *vector) updates(t testing.TB) (us [][]byte) {
	for _, h := range v.Updates {
		us = append(us, unhex(t, h))
	}
	return us
}

// TestVectors applies what clients sent and compares with what Yjs made of it:
// the encoded state byte for byte.
func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			d := testDoc(t, Options{}, v.updates(t)...)
			if got := hex.EncodeToString(state(t, d)); got != v.State {
				t.Errorf("%s\nstate %s\nwant  %s", v.Why, got, v.State)
			}
			sv := StateVector{}
			for c, n := range v.SV {
				id, _ := strconv.ParseUint(c, 10, 64)
				sv[id] = n
			}
			if got := d.EncodeStateVector(); !bytes.Equal(got, sv.Encode()) {
				t.Errorf("state vector %v, want %v", d.StateVector(), sv)
			}
			again := testDoc(t, Options{}, state(t, d))
			if !bytes.Equal(state(t, again), state(t, d)) {
				t.Errorf("state is another after a reload")
			}
		})
	}
}

func TestRefusedUpdateChangesNothing(t *testing.T) {
	for _, v := range vectors(t) {
		us := v.updates(t)
		for i := range us {
			d := testDoc(t, Options{}, us[:i]...)
			before, roots := state(t, d), len(d.Roots())
			for cut := range us[i] {
				bad := append(bytes.Clone(us[i][:cut]), 0xff)
				if err := d.ApplyUpdate(bad, nil); err == nil {
					d = testDoc(t, Options{}, us[:i]...) // happens to be valid
				} else if !errors.Is(err, ErrMalformed) {
					t.Fatalf("%s: error is not ErrMalformed: %v", v.Name, err)
				}
			}
			if !bytes.Equal(state(t, d), before) || len(d.Roots()) != roots {
				t.Fatalf("%s: update %d changed the document although it was refused", v.Name, i)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	var limit *LimitError
	err := NewDoc(Options{Limits: Limits{UpdateBytes: 3}}).ApplyUpdate([]byte{0, 0, 0, 0}, nil)
	if !errors.As(err, &limit) || limit.Name != "UpdateBytes" || !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
	gap := update([]block{text(1, 5, "later").root("")}, nil)
	d := NewDoc(Options{Limits: Limits{PendingBytes: 2 * len(gap)}})
	for i := range 2 {
		gap = update([]block{text(uint64(1+i), 5, "later").root("")}, nil)
		if err := d.ApplyUpdate(gap, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := state(t, d)
	err = d.ApplyUpdate(update([]block{text(7, 5, "later").root("")}, nil), nil)
	if !errors.As(err, &limit) || limit.Name != "PendingBytes" || !bytes.Equal(before, state(t, d)) {
		t.Errorf("got %v", err)
	}
	if err := d.ApplyUpdate(update([]block{text(7, 0, "now, and long enough").root("")}, nil), nil); err != nil {
		t.Errorf("what need not wait: %v", err)
	}
	if err := d.ApplyUpdate(update([]block{text(1, 0, "close").root("")}, nil), nil); err != nil || len(d.StateVector()) != 2 {
		t.Errorf("what others waited for: %v", err)
	}
}

// check verifies what must hold of every document at rest.
func (d *Doc) check(t testing.TB) {
	t.Helper()
	items := 0
	lists := map[*branch]bool{}
	for _, c := range d.clients[1:] {
		clock := uint32(0)
		for _, r := range c.runs {
			if len(r.items) == 0 || len(r.items) > runLen || len(r.items) != len(r.clocks) {
				t.Fatalf("client %d: run of %d items, %d clocks", c.id, len(r.items), len(r.clocks))
			}
			for i, it := range r.items {
				if it.clock != clock || r.clocks[i] != clock || it.client != c.idx || it.len == 0 {
					t.Fatalf("client %d: item at %d, want %d", c.id, it.clock, clock)
				}
				clock += it.len
				items++
				it.check(t, d)
				if it.parent != nil && !lists[it.parent] {
					lists[it.parent] = true
					it.parent.check(t)
				}
			}
		}
		if clock != c.state {
			t.Fatalf("client %d: state %d, items end at %d", c.id, c.state, clock)
		}
	}
	if items != d.items {
		t.Fatalf("%d items, counted %d", items, d.items)
	}
	if d.tx != nil || len(d.queue) != 0 {
		t.Fatal("a transaction is open")
	}
}

func (it *item) check(t testing.TB, d *Doc) {
	t.Helper()
	id := d.idOf(it)
	switch {
	case it.isGC():
		if it.parent != nil || it.left != nil || it.right != nil || !it.deleted {
			t.Fatalf("%v is collected and linked", id)
		}
		return
	case it.parent == nil:
		t.Fatalf("%v has no parent", id)
	case it.left != nil && it.left.right != it, it.right != nil && it.right.left != it:
		t.Fatalf("%v: neighbours do not know it", id)
	case it.left == nil && it.sub == 0 && it.parent.start != it:
		t.Fatalf("%v is not the start", id)
	case it.right == nil && it.sub != 0 && it.parent.attrs.get(it.sub) != it:
		t.Fatalf("%v is not the value of its key", id)
	case it.right != nil && it.sub != 0 && !it.deleted:
		t.Fatalf("%v is an old value and not deleted", id)
	case it.kind == kindString && lib0.UTF16Len(it.data) != int(it.len):
		t.Fatalf("%v: %d units in an item of %d", id, lib0.UTF16Len(it.data), it.len)
	case it.kind == kindType && it.typ.item != it:
		t.Fatalf("%v: its type does not know it", id)
	case it.parent.item == &d.tomb:
		t.Fatalf("%v lives in a collected type", id)
	}
}

func (b *branch) check(t testing.TB) {
	t.Helper()
	n, found := uint32(0), 0
	for it := b.start; it != nil; it = it.right {
		if b.marks != nil {
			for _, m := range b.marks.list {
				if m.it == it {
					if m.index != n || !it.visible() {
						t.Fatalf("marker says %d, is %d", m.index, n)
					}
					found++
				}
			}
		}
		if it.visible() {
			n += it.len
		}
	}
	if n != b.length || b.marks != nil && found != len(b.marks.list) {
		t.Fatalf("length %d, counted %d; %d markers found", b.length, n, found)
	}
}
