package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// maxBody bounds a request or answer.
const maxBody = 128 << 20

// roomPrefix is the room type that the path of the interface names.
const roomPrefix = "records:"

// message is the body in both directions. The columns of CivicPress's
// realtime_snapshots keep their names and meaning; seq, lineage and meta are
// ours.
type message struct {
	RoomID        string `json:"room_id"`
	Data          []byte `json:"snapshot_data"` // base64 of the plain Yjs V1 state
	Version       int64  `json:"version"`
	IntegrityHash string `json:"integrity_hash"` // hex SHA-256 of the data
	FormatVersion int    `json:"format_version"` // 1
	ByteSize      int    `json:"byte_size"`
	CreatedAt     int64  `json:"created_at"` // unix milliseconds
	Seq           uint64 `json:"seq"`
	Lineage       string `json:"lineage"`
	Meta          []byte `json:"meta,omitempty"` // base64, opaque
}

var errDamaged = errors.New("the snapshot's hash does not fit its data")

func newMessage(s *store.Snapshot, meta store.Meta) message {
	sum := sha256.Sum256(s.State)
	return message{
		RoomID: s.Room, Data: s.State, Version: s.Version, IntegrityHash: hex.EncodeToString(sum[:]), FormatVersion: 1,
		ByteSize: len(s.State), CreatedAt: s.CreatedAt.UnixMilli(), Seq: s.Seq, Lineage: meta.Lineage, Meta: meta.Aux,
	}
}

// open checks a message and takes it apart.
func (m *message) open(room string) (*store.Snapshot, store.Meta, error) {
	sum := sha256.Sum256(m.Data)
	switch {
	case m.FormatVersion > 1:
		return nil, store.Meta{}, fmt.Errorf("snapshot has format %d, this program knows 1: %w", m.FormatVersion, store.ErrTooNew)
	case m.IntegrityHash != hex.EncodeToString(sum[:]):
		return nil, store.Meta{}, errDamaged
	case m.RoomID != room:
		return nil, store.Meta{}, fmt.Errorf("snapshot is of room %q, asked for %q", m.RoomID, room)
	}
	return &store.Snapshot{Room: room, State: m.Data, Seq: m.Seq, Version: m.Version, CreatedAt: time.UnixMilli(m.CreatedAt)},
		store.Meta{Lineage: m.Lineage, Aux: m.Meta}, nil
}

// recordOf returns the record id of a room that the interface can name.
func recordOf(room string) (id string, ok bool) {
	id, ok = strings.CutPrefix(room, roomPrefix)
	return id, ok && id != "" && id != "." && id != ".."
}
