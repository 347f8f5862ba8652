package room

import (
	"context"
	"log/slog"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// What is refused is told three ways with one correlation id: to the client if
// it takes control frames, to the log, and to the hooks. Log and hooks hear of
// the 1st, 2nd, 4th, 8th … time; between, the log has a line at level debug.

// isTold reports whether the nth time is told.
func isTold(n int) bool { return n&(n-1) == 0 }

// report logs the nth time of something, and says whether the hooks are to
// hear of it too.
func (r *Room) report(level slog.Level, n int, msg string, args ...any) bool {
	if !isTold(n) {
		level = slog.LevelDebug
	}
	r.logger().Log(context.Background(), level, msg, args...)
	return isTold(n)
}

// denyEdit refuses an edit of a member that may only view: in words if it takes
// control frames, else by showing it the true state.
func (r *Room) denyEdit(m *Member) {
	m.refused = true // until a step 2 brings everything the client has
	m.denials++
	id := host.NewCorrelationID()
	// No warning: stock editors let a viewer type.
	if r.report(slog.LevelInfo, m.denials, "edit refused for want of the right", "op", "room.security", "client", m.id,
		"user", m.user.ID, "count", m.denials, "correlation_id", id) {
		r.manager.emit(id, hooks.SecurityPermissionDenied{UserID: m.user.ID, ClientID: m.id, RoomID: r.id, Action: "edit", Count: m.denials})
	}
	if m.control {
		m.Send(wire.Error(ErrPermissionDenied.Code, "You may read this record but not edit it; your change was not taken.", id))
		return
	}
	r.heal(m)
}

// forged counts and reports that a member spoke as somebody else.
func (r *Room) forged(m *Member, what string, client uint64, owner int64) (id string) {
	r.manager.opts.Meter.Forged.Inc()
	m.forgeries++
	id = host.NewCorrelationID()
	if r.report(slog.LevelWarn, m.forgeries, "client speaks as somebody else", "op", "room.security", "what", what, "client", m.id,
		"user", m.user.ID, "owner", owner, "count", m.forgeries, "correlation_id", id) {
		r.manager.emit(id, hooks.SecurityForged{UserID: m.user.ID, ClientID: m.id, RoomID: r.id,
			What: what, YClient: client, OwnerID: owner, Count: m.forgeries})
	}
	return id
}
