package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Backend is what a Handler serves: a store that can be looked into.
type Backend interface {
	store.Store
	store.Peeker
}

// HandlerOptions configures a Handler.
type HandlerOptions struct {
	Backend Backend
	Token   string // service token that callers must show
	// Open reports whether this server has the room open itself: then nobody
	// else may write its state. nil = never.
	Open   func(room string) bool
	Logger *slog.Logger // nil = slog.Default()
}

// NewHandler serves GET, POST and DELETE of a path with {id}.
func NewHandler(o HandlerOptions) (http.Handler, error) {
	if o.Backend == nil || o.Token == "" {
		return nil, errors.New("snapshot interface: a store and a service token are needed")
	}
	if o.Open == nil {
		o.Open = func(string) bool { return false }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &handler{o, sha256.Sum256([]byte(o.Token))}, nil
}

type handler struct {
	HandlerOptions
	token [sha256.Size]byte
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(shown))
	if !ok || subtle.ConstantTimeCompare(sum[:], h.token[:]) != 1 {
		refuse(w, http.StatusUnauthorized, "AUTH_FAILED", "A service token is needed.")
		return
	}
	room := roomPrefix + r.PathValue("id")
	if _, ok := recordOf(room); !ok {
		refuse(w, http.StatusNotFound, "RECORD_NOT_FOUND", "There is no such record.")
		return
	}
	var err error
	switch r.Method {
	case http.MethodGet:
		err = h.get(w, r, room)
	case http.MethodPost:
		err = h.post(w, r, room)
	case http.MethodDelete:
		if err = h.free(room); err == nil {
			err = h.Backend.Delete(r.Context(), room)
		}
		if err == nil {
			answer(w, map[string]any{"deleted": true})
		}
	default:
		refuse(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "GET, POST and DELETE only.")
	}
	h.fail(w, room, err)
}

func (h *handler) get(w http.ResponseWriter, r *http.Request, room string) error {
	l, err := h.Backend.Peek(r.Context(), room)
	if err != nil {
		return err
	}
	answer(w, newMessage(l.Snapshot, l.Meta))
	return nil
}

// errOpen: the room is live here.
var errOpen = errors.New("the record is open on this server")

func (h *handler) free(room string) error {
	if h.Open(room) {
		return errOpen
	}
	return nil
}

func (h *handler) post(w http.ResponseWriter, r *http.Request, room string) error {
	var m message
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&m); err != nil {
		refuse(w, http.StatusBadRequest, "INVALID_SNAPSHOT", "The body is not a snapshot: "+err.Error())
		return nil
	}
	snap, meta, err := m.open(room)
	if err != nil {
		refuse(w, http.StatusBadRequest, "INVALID_SNAPSHOT", err.Error())
		return nil
	}
	if err := h.free(room); err != nil {
		return err
	}
	version, err := h.save(r.Context(), snap, meta)
	if err != nil {
		return err
	}
	answer(w, map[string]any{"snapshotCreated": true, "version": version, "timestamp": snap.CreatedAt.UnixMilli()})
	return nil
}

// save stores a snapshot, making the room if need be. The same state again, as
// after an answer that got lost, is no conflict.
func (h *handler) save(ctx context.Context, snap *store.Snapshot, meta store.Meta) (int64, error) {
	version, err := h.Backend.SaveSnapshot(ctx, *snap, meta)
	if !errors.Is(err, store.ErrNoRoom) {
		return version, err
	}
	if err := h.Backend.Create(ctx, snap.Room, meta, *snap); err != nil && !errors.Is(err, store.ErrRoomExists) {
		return 0, err
	}
	return h.Backend.SaveSnapshot(ctx, *snap, meta)
}

// fail answers an error of the store.
func (h *handler) fail(w http.ResponseWriter, room string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, store.ErrNoRoom):
		refuse(w, http.StatusNotFound, "SNAPSHOT_NOT_FOUND", "There is no snapshot of this record.")
	case errors.Is(err, store.ErrSeqTaken), errors.Is(err, errOpen):
		refuse(w, http.StatusConflict, "SNAPSHOT_CONFLICT", err.Error())
	default:
		h.Logger.Error("snapshot interface failed", "room", room, "error", err)
		refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE", "The snapshot store does not answer now; try again.")
	}
}

func answer(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "data": data}) // the client is gone if it fails
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": false, "error": map[string]any{"code": code, "message": text}})
}
