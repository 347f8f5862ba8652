package room

import (
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// LineageChecker is an optional capability of a Handler whose rooms grow from
// a seed. Two documents that grew from different seeds of one record hold the
// same text twice when they are merged.
type LineageChecker interface {
	// Foreign reports whether a document with the state vector sv grew from
	// another seed than the room with this meta. An empty state vector never
	// is. It is called on the room's loop and must not block.
	Foreign(meta store.Meta, sv yjs.StateVector) bool
	// Lineage is the lineage of a document with the state vector sv, "" if that
	// does not tell.
	Lineage(sv yjs.StateVector) string
}

// recallLineage asks the document when the store does not know the lineage any
// more. Without one everybody who holds the document would be sent away.
func (r *Room) recallLineage() {
	c, ok := r.handler.(LineageChecker)
	if !ok || r.meta.Lineage != "" {
		return
	}
	encoded := r.state.sv
	if r.doc != nil {
		encoded = r.doc.EncodeStateVector()
	}
	sv, err := yjs.DecodeStateVector(encoded)
	if err != nil {
		return
	}
	if r.meta.Lineage = c.Lineage(sv); r.meta.Lineage != "" {
		r.logger().Warn("the room's lineage was damaged; the document tells it", "op", "room.open", "lineage", r.meta.Lineage)
	}
}

// foreign reports whether content with these clients belongs to another
// lineage of the room.
func (r *Room) foreign(sv yjs.StateVector) bool {
	c, ok := r.handler.(LineageChecker)
	return ok && len(sv) > 0 && c.Foreign(r.meta, sv)
}

// sendAway ends a member whose document must not be merged with ours. It gets
// nothing of ours either: that would double the text on its side.
func (r *Room) sendAway(m *Member) {
	r.manager.opts.Meter.Lineage.Inc()
	r.logger().Info("client holds another lineage of the document and must reload", "op", "room.lineage", "client", m.id, "user", m.user.ID)
	m.Revoke()
	var first wire.Frame
	if m.control {
		first = wire.Reload(r.id)
	}
	m.socket.End(wire.CloseLineage, first)
}
