package room

import (
	"context"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
)

// retryEvict is when a room that could not be saved is tried again.
const retryEvict = 30 * time.Second

// evict saves a room that nobody is in and lets go of it. People may join
// while it is saved; then it stays. A room that cannot be saved stays too.
func (m *Manager) evict(e *entry) {
	r := e.room
	for {
		ctx, cancel := context.WithTimeout(m.base, m.opts.OpenTimeout)
		res, err := r.watch.Flush(ctx, store.ReasonLastLeave)
		cancel()

		m.mu.Lock()
		if e.refs > 0 || e.closing || m.stopped {
			m.mu.Unlock()
			return
		}
		if err != nil {
			if f := &m.graces.failed; f.count == 0 {
				f.room, f.err = e.id, err
			}
			m.graces.failed.count++
			m.startGraceLocked(e, retryEvict)
			m.mu.Unlock()
			return
		}
		if res.Seq < r.applied.Load() { // another node or the archive changed it meanwhile
			m.mu.Unlock()
			continue
		}
		e.closing = true
		m.mu.Unlock()
		if res.Gone {
			m.finish(e, "deleted")
		} else {
			m.finish(e, "idle")
		}
		return
	}
}

// fail closes a room that cannot go on. It may be called on the room's loop.
func (m *Manager) fail(r *Room, err error) {
	id := CorrelationOf(err)
	m.reportFailure(r.entry, r.kind, err)
	m.spawn(func() { m.shut(r.entry, CloseFor(err, id), "failed", id) })
}

// reportFailure says that a document could not be loaded or kept: to the log
// and the hooks, with the correlation id that the clients get.
func (m *Manager) reportFailure(e *entry, roomType string, err error) {
	id := CorrelationOf(err)
	m.logger.Error("room failed; it is loaded again when somebody comes", "op", "room.open", "room", e.id, "code", CodeOf(err), "correlation_id", id, "error", err)
	m.emit(id, hooks.RoomFailed{RoomID: e.id, RoomType: roomType, Code: CodeOf(err), Error: err.Error()})
}

// Gone closes the room of a record that was deleted.
func (m *Manager) Gone(id string) {
	if r, ok := m.Room(id); ok {
		m.spawn(func() { m.shut(r.entry, wire.CloseForbidden(""), "deleted", "") })
	}
}

// spawn runs fn unless the manager stops, which shuts every room itself.
func (m *Manager) spawn(fn func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.stopped {
		m.tasks.Go(fn)
	}
}

// shut ends who is in a room and lets go of it, without saving. id is the
// correlation id for the members, or empty.
func (m *Manager) shut(e *entry, c wire.Close, reason, id string) {
	m.mu.Lock()
	if e.closing {
		m.mu.Unlock()
		<-e.gone
		return
	}
	e.closing = true
	e.endGraceLocked()
	m.mu.Unlock()
	e.room.in.close()
	for _, member := range e.room.members { // the loop has ended: they are ours
		member.socket.End(c, member.errorFrame(closeName[reason], closeText[reason], id))
	}
	m.finish(e, reason)
}

var closeName = map[string]string{"failed": "LOAD_FAILED", "deleted": "PERMISSION_DENIED", "stop": "SERVER_RESTART"}

var closeText = map[string]string{
	"failed":  "The document of this room cannot be stored any more.",
	"deleted": "The record was deleted.",
	"stop":    "The server restarts.",
}

// finish closes the room's ends and removes it.
func (m *Manager) finish(e *entry, reason string) {
	r := e.room
	r.in.close()

	ctx, cancel := context.WithTimeout(context.Background(), m.opts.OpenTimeout)
	defer cancel()
	if err := r.watch.Close(ctx); err != nil {
		m.logger.Warn("the room's last write-back did not end in time", "op", "room.close", "room", e.id, "error", err)
	}
	if reason == "failed" || reason == "deleted" { // nothing was flushed before; at a stop the journal writes the rest
		if err := r.log.Flush(ctx); err != nil {
			m.logger.Warn("the room's last edits are not on disk when it closes", "op", "room.close", "room", e.id, "error", err)
		}
	}
	r.log.Close()
	if r.link != nil {
		r.link.Close()
	}
	if reason == "deleted" {
		m.retireOpen(ctx, r)
	}
	m.mu.Lock()
	m.forgetLocked(e.id)
	m.mu.Unlock()
	close(e.gone)
	m.emit("", hooks.RoomDestroyed{RoomID: r.id, RoomType: r.kind, Reason: reason})
}

// forgetLocked removes a room from the list.
func (m *Manager) forgetLocked(id string) {
	delete(m.entries, id)
	if len(m.entries) == 0 {
		m.entries = map[string]*entry{} // a map keeps the size that a crowd gave it
	}
}
