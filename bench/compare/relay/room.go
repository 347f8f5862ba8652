package main

import (
	"sync"
	"sync/atomic"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// hub knows the rooms. They are never forgotten.
type hub struct {
	drained bool
	lose    int64
	frames  atomic.Int64 // passed on or dropped, if some are to be lost

	mu    sync.Mutex
	rooms map[string]*room
}

func (h *hub) room(path string) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[path]
	if r == nil {
		r = &room{members: map[*member]struct{}{}}
		r.setBlob([]byte{0, 0})
		h.rooms[path] = r
	}
	return r
}

// room is who is there, and the frame that answers a newcomer.
type room struct {
	blob atomic.Pointer[frame]

	mu      sync.RWMutex
	members map[*member]struct{}
}

func (r *room) setBlob(state []byte) {
	f := newFrame(protocol.AppendSyncStep2(nil, state))
	r.blob.Store(&f)
}

func (r *room) add(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[m] = struct{}{}
}

func (r *room) remove(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, m)
}

// pass gives a frame to all but one.
func (r *room) pass(from *member, f frame) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for m := range r.members {
		if m != from {
			m.queue(f)
		}
	}
}
