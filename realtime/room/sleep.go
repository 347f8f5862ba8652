package room

import (
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// A room that people look at without writing keeps its document encoded and
// compressed, in one frame with what its type remembers beside it: the one
// repeats the text of the other. Rooms open without a document, too, and are
// compressed when they have rested. Who joins is answered from the state; the
// first edit makes the document of it. It is the same one then: a state that is
// applied to an empty document is what every restart begins with, too.

const (
	// sleepAfter is for how long a document of up to sleepUnit bytes must not
	// have been used before it sleeps, a larger one proportionally longer, so
	// that who types with pauses does not make us pack and unpack all the time.
	sleepAfter = 5 * time.Second
	sleepUnit  = 64 << 10
	// packAfter is sleepAfter for a room that was only opened: there is no
	// document that somebody may go on to use.
	packAfter = time.Second
	// packAtOnce is the size in bytes up to which such a room is packed as soon as
	// somebody was answered: of a crowd each opens a record of his own, and as they
	// come those take four times what they take packed.
	packAtOnce = 16 << 10
	// sleepMost is the size in bytes beyond which a document never sleeps:
	// its first edit would have to wait.
	sleepMost = 1 << 20
)

// sleeper is a room's document and meta while nobody uses them: as they came
// while the room is new, because whoever it was opened for asks at once, and
// packed later.
type sleeper struct {
	state, aux []byte // as they came, until they are packed
	packed     []byte // the state, and the aux of the meta behind it; nil = not yet
	size       int    // bytes of the state
}

// pack keeps less of it.
func (s *sleeper) pack() {
	s.packed = pack.Pack(s.state, s.aux)
	s.state, s.aux = nil, nil
}

// unpack returns the state and the aux.
func (s *sleeper) unpack() (state, aux []byte) {
	if s.packed == nil {
		return s.state, s.aux
	}
	b, err := pack.Unpack(s.packed)
	if err != nil || len(b) < s.size {
		// Only broken memory can do that. The room closes and is loaded again.
		panic(fmt.Sprintf("a sleeping document cannot be unpacked: %v", err))
	}
	return b[:s.size:s.size], b[s.size:]
}

func newDoc(room string) *yjs.Doc { return yjs.NewDoc(yjs.Options{GUID: room}) }

// listen has the document tell what a transaction did.
func (r *Room) listen() {
	r.doc.OnUpdate(func(update []byte, _ any, _ *yjs.Transaction) { r.turned.txUpdate = update })
}

// tired reports, from any goroutine, whether it is time to pack the room.
func (r *Room) tired(now time.Time) bool {
	used, size := r.worked.Load(), r.bytes.Load()
	if used == 0 || size > sleepMost {
		return false
	}
	after := sleepAfter
	if r.fresh.Load() {
		after = packAfter
	}
	pause := after * time.Duration(max(size, sleepUnit)) / sleepUnit
	return now.Sub(time.UnixMilli(used)) >= pause
}

// sleep packs the document, unless it waits for something.
func (r *Room) sleep() {
	if r.sleeper != nil {
		if r.sleeper.packed == nil {
			r.sleeper.pack()
			r.fresh.Store(false)
		}
		r.worked.Store(0)
		return
	}
	if r.pending() {
		return
	}
	c, err := r.captured()
	if err != nil || len(c.State) > sleepMost {
		return
	}
	r.rest(c.State, c.Vector)
	r.sleeper.pack()
	r.doc = nil
	r.cached.Store(0)
	r.worked.Store(0)
}

// packOpened packs a small room that was only opened, once that served somebody,
// and keeps no answer for the next, either: most records are opened by one. The
// answer that a second one gets is kept.
func (r *Room) packOpened() {
	if r.fresh.Load() && r.cached.Load() != 0 && r.bytes.Load() <= packAtOnce {
		r.sleep()
		r.dropCache()
	}
}

// rest keeps a state and the meta's aux instead of a document. sv is its state
// vector.
func (r *Room) rest(state, sv []byte) {
	r.sleeper = &sleeper{state: state, aux: r.meta.Aux, size: len(state)}
	r.meta.Aux = nil
	r.state = stateCache{sv: sv}
}

// wholeVector returns the state vector of an encoded state, if that can be told
// without making the document: nothing in it is missing. nil otherwise, and for
// a state that cannot be read; who applies it gets the error.
func wholeVector(state []byte) []byte {
	sv, whole, err := yjs.StateVectorIfWhole(state)
	if err != nil || !whole {
		return nil
	}
	return sv
}

// document returns the document, awake.
func (r *Room) document() *yjs.Doc {
	if r.sleeper != nil {
		state, aux := r.sleeper.unpack()
		doc := newDoc(r.id)
		if err := doc.ApplyUpdate(state, originLoad); err != nil {
			panic(fmt.Sprintf("a sleeping document cannot be read: %v", err))
		}
		r.doc, r.meta.Aux, r.sleeper = doc, aux, nil
		r.listen()
		r.fresh.Store(false)
		r.manager.opts.Meter.Wakes.Inc()
	}
	r.worked.Store(r.turned.now.UnixMilli())
	return r.doc
}

// captured returns the room as it is, without waking it. A document that cannot
// be encoded is an error, which is in the log then: nothing must stand in for it.
func (r *Room) captured() (c store.Capture, err error) {
	c = store.Capture{Room: r.id, Seq: r.seq, Meta: r.meta}
	if r.sleeper != nil {
		c.State, c.Meta.Aux = r.sleeper.unpack()
		c.Vector = r.state.sv
		return c, nil
	}
	if c.State, err = r.doc.EncodeStateAsUpdate(nil); err != nil {
		r.logger().Error("document cannot be encoded", "op", "room.encode", "error", err)
		return store.Capture{}, fmt.Errorf("encode %s: %w", r.id, err)
	}
	if !r.pending() {
		if r.state.sv == nil { // stateVector would count as use of the document
			r.state.sv = r.doc.EncodeStateVector()
		}
		c.Vector = r.state.sv
	}
	return c, nil
}
