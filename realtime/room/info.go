package room

import (
	"context"
	"encoding/json"
	"time"
)

// Info is a room at one moment, for the dashboard.
type Info struct {
	ID             string
	Type           string
	Clients        int
	Bytes          int64 // estimate of the encoded document
	Seq            uint64
	SavedSeq       uint64
	SnapshotSeq    uint64    // covered by the last snapshot since it was opened
	Updates        uint64    // applied since the room was opened
	LastSnapshot   time.Time // zero = none since it was opened
	WritebackError string
	Opened         time.Time
}

// Info returns figures without asking the loop.
func (r *Room) Info() Info {
	i := Info{
		ID: r.id, Type: r.kind, Clients: int(r.clients.Load()), Bytes: r.bytes.Load(),
		Seq: r.applied.Load(), SavedSeq: r.durable.Load(), SnapshotSeq: r.snapSeq.Load(), Updates: r.updates.Load(), Opened: r.created,
	}
	if ms := r.snapshot.Load(); ms != 0 {
		i.LastSnapshot = time.UnixMilli(ms)
	}
	if e := r.writeback.Load(); e != nil {
		i.WritebackError = *e
	}
	return i
}

// Presence is one person in a room.
type Presence struct {
	ClientID string            `json:"clientId"`
	UserID   int64             `json:"userId"`
	Name     string            `json:"name"`
	CanEdit  bool              `json:"canEdit"`
	ActiveAt time.Time         `json:"activeAt"` // see Member.ActiveAt
	States   []json.RawMessage `json:"states"`   // awareness states, at most as many as sockets speak for ids
}

// Presence returns who is in the room, in the order of joining.
func (r *Room) Presence(ctx context.Context) (list []Presence, err error) {
	got := make(chan []Presence, 1)
	err = r.do(ctx, func() {
		people := make([]Presence, 0, len(r.members))
		for _, m := range r.members {
			p := Presence{ClientID: m.id, UserID: m.user.ID, Name: m.Name(), CanEdit: m.Grant().Edit, ActiveAt: m.ActiveAt(), States: []json.RawMessage{}}
			for id := range m.speaks {
				if s, ok := r.presence.State(id); ok {
					p.States = append(p.States, append(json.RawMessage(nil), s...))
				}
			}
			people = append(people, p)
		}
		got <- people
	})
	if err != nil {
		return nil, err
	}
	return <-got, nil
}
