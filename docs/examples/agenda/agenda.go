// Package agenda is an example of a room type: agendas as plain text, each in
// a Y.Text named "agenda" and a file of its own. See docs/integration.md.
package agenda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// Handler opens ws://…/realtime/agendas/<id> over the file <id>.txt of a folder.
type Handler struct {
	auth host.Auth
	dir  *os.Root // an id cannot lead out of it
}

// New returns the handler, a room.Handler. It does no I/O.
func New(auth host.Auth, dir *os.Root) *Handler { return &Handler{auth, dir} }

// RoomType implements room.Handler.
func (*Handler) RoomType() string { return "agendas" }

// Authorize lets those in who may view records; who may edit them may write.
func (h *Handler) Authorize(ctx context.Context, s host.Session, id string) (room.Grant, error) {
	if _, err := h.read(id); err != nil {
		return room.Grant{}, err
	}
	view, err := h.auth.Can(ctx, s.User, host.PermissionRecordsView, "agenda")
	if err != nil || !view {
		return room.Grant{}, err
	}
	edit, err := h.auth.Can(ctx, s.User, host.PermissionRecordsEdit, "agenda")
	return room.Grant{View: true, Edit: edit}, err
}

// Seed makes the document: the same text gives the same bytes on any node.
func (h *Handler) Seed(_ context.Context, id string) (room.Seed, error) {
	text, err := h.read(id)
	if err != nil {
		return room.Seed{}, err
	}
	sum := sha256.Sum256([]byte(id + "\x00" + string(text)))
	client := 1<<32 + uint64(binary.BigEndian.Uint32(sum[:])) // editors have ids below 2^32
	d := yjs.NewDoc(yjs.Options{ClientID: client})
	err = d.Transact(nil, func(tx *yjs.Transaction) error { return d.Text("agenda").Insert(tx, 0, string(text), nil) })
	state, encodeErr := d.EncodeStateAsUpdate(nil)
	return room.Seed{State: state, Meta: store.Meta{Lineage: strconv.FormatUint(client, 10), Aux: digest(text)}}, errors.Join(err, encodeErr)
}

// WriteBack writes the file. Aux holds the digests of the texts that are ours:
// the last one written, and one about to be.
func (h *Handler) WriteBack(ctx context.Context, c store.Capture, announce func(context.Context, store.Meta) error) (store.Outcome, error) {
	id := strings.TrimPrefix(c.Room, "agendas:")
	there, err := h.read(id)
	if errors.Is(err, room.ErrRoomNotFound) {
		return store.Outcome{Gone: true}, nil
	}
	d := yjs.NewDoc(yjs.Options{})
	if err = errors.Join(err, d.ApplyUpdate(c.State, nil)); err != nil {
		return store.Outcome{}, &store.StageError{Stage: "serialize", Err: err}
	}
	text := []byte(d.Text("agenda").String())
	if bytes.Equal(text, there) {
		return store.Outcome{}, nil // no edit, no write
	}
	if !bytes.Contains(c.Meta.Aux, digest(there)) {
		return store.Outcome{}, &store.StageError{Stage: "draft", Err: fmt.Errorf("%s.txt was changed by somebody else; nothing is overwritten", id)}
	}
	if err := announce(ctx, store.Meta{Lineage: c.Meta.Lineage, Aux: append(digest(there), digest(text)...)}); err != nil {
		return store.Outcome{}, err
	}
	if err := errors.Join(h.dir.WriteFile(id+".new", text, 0o644), h.dir.Rename(id+".new", id+".txt")); err != nil {
		return store.Outcome{}, &store.StageError{Stage: "draft", Err: err}
	}
	return store.Outcome{Wrote: true, Meta: &store.Meta{Lineage: c.Meta.Lineage, Aux: digest(text)}}, nil
}

func (h *Handler) read(id string) ([]byte, error) {
	text, err := h.dir.ReadFile(id + ".txt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, room.ErrRoomNotFound
	}
	return text, err
}

func digest(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }
