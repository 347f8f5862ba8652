package room

import (
	"sync"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// outbox is what waits to be written to one member. It is bounded in bytes:
// beyond the limit the member is behind, and gets no document or presence
// frames until it has drained; then one diff catches it up.
type outbox struct {
	mu       sync.Mutex
	frames   []wire.Frame  // guarded by mu
	bytes    int           // guarded by mu; of frames
	draining bool          // guarded by mu; somebody calls take until it returns none
	behind   bool          // guarded by mu; document frames were left out
	shut     bool          // guarded by mu; takes no more frames
	idle     chan struct{} // guarded by mu; closed when a drain ends; nil if nobody waits
	limit    int
}

// push queues frames. wake says that nobody drains the outbox, and that the
// caller must see to it that somebody does.
func (o *outbox) push(frames ...wire.Frame) (wake bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pushLocked(frames)
}

func (o *outbox) pushLocked(frames []wire.Frame) (wake bool) {
	if o.shut {
		return false
	}
	for _, f := range frames {
		if len(f) > 0 {
			o.frames = append(o.frames, f)
			o.bytes += len(f)
		}
	}
	wake = !o.draining && len(o.frames) > 0
	o.draining = o.draining || wake
	return wake
}

// offer is push for frames that a diff can replace: a member that is behind
// does not get them. fell says that these were the last, because the outbox is
// full now; from here on the member is behind.
func (o *outbox) offer(frames ...wire.Frame) (wake, fell bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.behind {
		return false, false
	}
	wake = o.pushLocked(frames)
	o.behind = o.bytes > o.limit
	return wake, o.behind
}

// take hands over what is queued and gets the slice of the last call back to
// use it again. Without frames the drain is over; if resync is set, the member
// has drained and waits for its diff.
func (o *outbox) take(last []wire.Frame) (frames []wire.Frame, resync bool) {
	clear(last) // do not keep written frames alive
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, o.bytes = o.frames, 0
	if cap(last) > maxSpare {
		last = nil
	}
	o.frames = last[:0]
	if len(frames) > 0 && !o.shut {
		return frames, false
	}
	o.frames = nil // an idle member owns no slice
	o.restLocked()
	return nil, o.behind && !o.shut
}

// maxSpare is up to how many frames a slice is kept for the next round.
const maxSpare = 256

// caughtUp ends being behind: a diff follows.
func (o *outbox) caughtUp() {
	o.mu.Lock()
	o.behind = false
	o.mu.Unlock()
}

// close drops what is queued and takes no more.
func (o *outbox) close() {
	o.mu.Lock()
	o.shut, o.frames, o.bytes = true, nil, 0
	o.restLocked()
	o.mu.Unlock()
}

// restLocked ends a drain.
func (o *outbox) restLocked() {
	o.draining = false
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// active reports whether frames wait or are being written.
func (o *outbox) active() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.draining
}

// wait returns when no drain is under way.
func (o *outbox) wait() {
	o.mu.Lock()
	if !o.draining {
		o.mu.Unlock()
		return
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	o.mu.Unlock()
	<-idle
}

// size is how many bytes are queued.
func (o *outbox) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

// fallBehind makes a member whose outbox is full wait for a diff, and reports
// whether it does.
func (o *outbox) fallBehind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.behind = o.behind || o.bytes > o.limit
	return o.behind
}

func (o *outbox) isBehind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.behind
}
