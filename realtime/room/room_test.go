package room

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/yjs"
)

func TestHandlersAreChecked(t *testing.T) {
	m := newManager(t, Options{})
	for name, c := range map[string]struct {
		handlers []Handler
		want     string
	}{
		"nil":      {[]Handler{&plain{kind: "a"}, nil}, "handler 2 of 2 is nil"},
		"twice":    {[]Handler{&plain{kind: "a"}, &plain{kind: "a"}}, `"a" has two handlers`},
		"no type":  {[]Handler{&plain{}}, "unusable room type"},
		"bad type": {[]Handler{&plain{kind: "a:b"}}, "unusable room type"},
	} {
		d := m.deps
		d.Handlers = c.handlers
		if _, err := NewManager(d, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := NewManager(Deps{}, Options{}); err == nil {
		t.Error("a manager without a store")
	}
}

func TestARoomIsOpenedOnce(t *testing.T) {
	h := &plain{kind: "records", wait: make(chan struct{})}
	m := newManager(t, Options{}, h)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { m.join(t, "x", 1) })
	}
	close(h.wait)
	wg.Wait()
	if n := h.seeds.Load(); n != 1 {
		t.Errorf("seeded %d times", n)
	}
	if n := len(m.Rooms()); n != 1 {
		t.Errorf("%d rooms", n)
	}
}

// typist makes updates of one author.
type typist struct {
	doc *yjs.Doc
	out [][]byte
}

func newTypist(id uint64) *typist {
	w := &typist{doc: yjs.NewDoc(yjs.Options{ClientID: id})}
	w.doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { w.out = append(w.out, bytes.Clone(u)) })
	return w
}

func (w *typist) types(n int) [][]byte {
	w.out = nil
	for range n {
		_ = w.doc.Transact(nil, func(tx *yjs.Transaction) error {
			t := w.doc.Text("t")
			return t.Insert(tx, t.Len(), "x", nil)
		})
	}
	return w.out
}

func TestAWriterDoesNotGetItsOwnEdits(t *testing.T) {
	m := newManager(t, Options{})
	a, b := m.join(t, "x", 1), m.join(t, "x", 2)
	r, _ := m.Room("records:x")
	settle(t, r)
	seenA, seenB := a.bytes(), b.bytes()
	a.m.Submit(Update, newTypist(11).types(1)[0])
	settle(t, r)
	if a.bytes() != seenA {
		t.Errorf("the writer got %d bytes back", a.bytes()-seenA)
	}
	if b.bytes() == seenB {
		t.Error("the other got nothing")
	}
}

// What many people write within one turn goes out as one merged update.
func TestATurnOfManyWritersIsOneFrame(t *testing.T) {
	m := newManager(t, Options{})
	var all []*sink
	for i := range 8 {
		all = append(all, m.join(t, "x", int64(i)))
	}
	r, _ := m.Room("records:x")
	settle(t, r)
	started, block := make(chan struct{}), make(chan struct{})
	r.call(func() { close(started); <-block }) // so that everything below arrives together
	<-started
	for i, s := range all {
		for _, u := range newTypist(uint64(100 + i)).types(5) {
			s.m.Submit(Update, u)
		}
	}
	before := m.Meter().Turns.Load()
	seen := all[0].bytes()
	close(block)
	settle(t, r)
	if n := m.Meter().Turns.Load() - before; n > 3 {
		t.Errorf("%d turns", n)
	}
	frame := all[0].got[seen:]
	if n := len(frame); frame[0] != 0x82 || int(frame[1]) != n-2 && !(frame[1] == 126 && int(frame[2])<<8|int(frame[3]) == n-4) {
		t.Errorf("not one frame: %x", frame)
	}
	if n := m.Meter().Updates.Load(); n != 8 {
		t.Errorf("%d transactions, want one for each author", n)
	}
}

// Fan-out costs nothing for each member but its place in a queue.
func TestFanOutAllocatesNothingPerMember(t *testing.T) {
	per := func(members int) float64 {
		m := newManager(t, Options{MaxMembers: -1})
		var first *sink
		for i := range members {
			s := m.join(t, "x", 1)
			if i == 0 {
				first = s
			}
		}
		r, _ := m.Room("records:x")
		settle(t, r)
		r.link = nil
		frames := wire.AppendUpdate(nil, make([]byte, 64))
		others := r.members
		_ = first
		return testing.AllocsPerRun(100, func() {
			for _, s := range others {
				s.out.mu.Lock()
				s.out.frames, s.out.bytes = s.out.frames[:0], 0
				s.out.draining = true // nobody has to be woken
				s.out.mu.Unlock()
				r.offer(s, frames)
			}
		})
	}
	if few, many := per(10), per(200); many > few+2 {
		t.Errorf("%v allocations for 10 members, %v for 200", few, many)
	}
}

func TestOutboxFallsBehindAndCatchesUp(t *testing.T) {
	o := outbox{limit: 100}
	f := make(wire.Frame, 60)
	if wake, fell := o.offer(f); !wake || fell {
		t.Errorf("first: %v %v", wake, fell)
	}
	if wake, fell := o.offer(f); wake || !fell {
		t.Errorf("over the limit: %v %v", wake, fell)
	}
	if wake, fell := o.offer(f); wake || fell {
		t.Errorf("behind: %v %v", wake, fell)
	}
	o.push(f[:1]) // what must arrive is queued all the same
	frames, resync := o.take(nil)
	if len(frames) != 3 || resync {
		t.Errorf("%d frames, resync %v", len(frames), resync)
	}
	if frames, resync = o.take(frames); len(frames) != 0 || !resync {
		t.Errorf("drained: %d frames, resync %v", len(frames), resync)
	}
	o.caughtUp()
	if wake, _ := o.offer(f); !wake {
		t.Error("nobody is woken after the diff")
	}
	o.close()
	if frames, resync = o.take(nil); len(frames) != 0 || resync || o.push(f) {
		t.Error("a closed outbox goes on")
	}
	o.wait() // returns: nobody drains
}

// A fault in one document closes its room; it is loaded again, others go on.
func TestAFaultClosesOnlyItsRoom(t *testing.T) {
	m := newManager(t, Options{})
	a, b := m.join(t, "x", 1), m.join(t, "y", 1)
	r, _ := m.Room("records:x")
	a.m.Submit(Update, newTypist(11).types(1)[0])
	settle(t, r)
	r.call(func() { panic("planted") })
	if err := r.do(t.Context(), func() {}); err == nil {
		t.Error("the room goes on")
	}
	again := m.join(t, "x", 1) // waits until the broken one is gone
	if again.m.room == r {
		t.Error("the same room")
	}
	settle(t, again.m.room)
	if got := again.m.room.seq; got != 1 {
		t.Errorf("the edit before the fault is lost: seq %d", got)
	}
	a.mu.Lock()
	if a.closed == nil || a.closed.Code != wire.CodeLoadFailed {
		t.Errorf("member closed with %v", a.closed)
	}
	a.mu.Unlock()
	settle(t, b.m.room)
}

// A hundred people who join while others type cost few encodings.
func TestJoinStormSharesOneEncoding(t *testing.T) {
	m := newManager(t, Options{MaxMembers: -1})
	a := m.join(t, "x", 1)
	r, _ := m.Room("records:x")
	w := newTypist(11)
	for range 50 {
		a.m.Submit(Update, w.types(1)[0])
		m.join(t, "x", 1)
	}
	settle(t, r)
	var full wire.Frame
	check(t, r.do(t.Context(), func() { full = r.state.full }))
	doc := yjs.NewDoc(yjs.Options{})
	_ = doc
	if full == nil {
		t.Fatal("no cached state")
	}
	check(t, r.do(t.Context(), func() {
		if len(r.state.tail) == 0 {
			t.Error("the state was encoded anew for each join")
		}
	}))
}

func BenchmarkTurn(b *testing.B) {
	for _, members := range []int{2, 50} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			m := newManager(b, Options{MaxMembers: -1})
			var all []*sink
			for range members {
				all = append(all, m.join(b, "x", 1))
			}
			r, _ := m.Room("records:x")
			updates := newTypist(11).types(b.N)
			settle(b, r)
			b.ReportAllocs()
			b.ResetTimer()
			for _, u := range updates {
				all[0].m.Submit(Update, u)
			}
			settle(b, r)
			b.ReportMetric(float64(b.N)/float64(max(1, m.Meter().Turns.Load())), "updates/turn")
		})
	}
}
