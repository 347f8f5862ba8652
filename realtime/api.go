package realtime

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/room"
)

// API serves the plugin's HTTP endpoints. The host mounts it under /api/v1 and
// strips that prefix.
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /records/{id}/snapshot", s.postSnapshot)
	mux.HandleFunc("GET /realtime/rooms", s.getRooms)
	mux.HandleFunc("GET /realtime/rooms/{id}/presence", s.getPresence)
	mux.HandleFunc("GET /realtime/rooms/{id}/markdown", s.getMarkdown)
	mux.HandleFunc("GET /realtime/stats", s.getStats)
	if h := s.deps.Snapshots; h != nil {
		mux.Handle("GET /records/{id}/collab-snapshot", h)
		mux.Handle("POST /records/{id}/collab-snapshot", h)
		mux.Handle("DELETE /records/{id}/collab-snapshot", h)
	}
	return mux
}

// postSnapshot saves and writes back an open room. A room that is not open is
// no error: then there is nothing that a snapshot could add.
func (s *Server) postSnapshot(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	login, ok := s.login(w, r)
	if !ok {
		return
	}
	grant, ok := s.mayRoom(w, r, login, "records", id)
	if !ok {
		return
	}
	if !grant.Edit {
		refuseHTTP(w, login, host.PermissionRecordsEdit, "Cannot edit records")
		return
	}
	data := map[string]any{"snapshotCreated": false, "version": nil, "timestamp": nil}
	res, open, err := s.deps.Rooms.Flush(r.Context(), "records:"+id)
	if err != nil {
		id := host.NewCorrelationID()
		s.logger.Error("snapshot on request failed", "op", "api.snapshot", "record", r.PathValue("id"), "correlation_id", id, "error", err)
		if res.Version == 0 { // not even the state is stored
			writeError(w, http.StatusServiceUnavailable, "SNAPSHOT_FAILED", "The document could not be saved; it is tried again.", id)
			return
		}
		data["writeBackFailed"] = true
	}
	if open && res.SnapshotCreated {
		data["snapshotCreated"], data["version"], data["timestamp"] = true, res.Version, res.CreatedAt.UnixMilli()
	}
	writeData(w, data)
}

func (s *Server) getRooms(w http.ResponseWriter, r *http.Request) {
	login, ok := s.login(w, r)
	if !ok || !s.mayAdmin(w, r, login) {
		return
	}
	st := s.Stats(0)
	writeData(w, map[string]any{"rooms": st.Rooms, "total": st.RoomsOpen, "limit": st.RoomsLimit})
}

func (s *Server) getStats(w http.ResponseWriter, r *http.Request) {
	login, ok := s.login(w, r)
	if !ok || !s.mayAdmin(w, r, login) {
		return
	}
	points := historyLength
	if n, err := strconv.ParseUint(r.URL.Query().Get("history"), 10, 16); err == nil {
		points = int(n)
	}
	writeData(w, s.Stats(points))
}

func (s *Server) getPresence(w http.ResponseWriter, r *http.Request) {
	rm, ok := s.openRoom(w, r)
	if !ok {
		return
	}
	people, err := rm.Presence(r.Context())
	if err != nil {
		writeError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "The room does not answer now.", "")
		return
	}
	writeData(w, map[string]any{"roomId": rm.RoomID(), "clients": people})
}

func (s *Server) getMarkdown(w http.ResponseWriter, r *http.Request) {
	rm, ok := s.openRoom(w, r)
	if !ok {
		return
	}
	text, err := rm.Markdown(r.Context())
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		writeError(w, http.StatusNotFound, "NO_MARKDOWN", "Rooms of this type have no Markdown.", "")
	case err != nil:
		id := host.NewCorrelationID()
		s.logger.Error("document cannot be rendered", "op", "api.markdown", "room", rm.RoomID(), "correlation_id", id, "error", err)
		writeError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "The document cannot be rendered now.", id)
	default:
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(text)
	}
}

// openRoom finds the room of the path, if the session may see it.
func (s *Server) openRoom(w http.ResponseWriter, r *http.Request) (*room.Room, bool) {
	login, ok := s.login(w, r)
	if !ok {
		return nil, false
	}
	full := r.PathValue("id")
	roomType, id, _ := strings.Cut(full, ":")
	if _, ok := s.mayRoom(w, r, login, roomType, id); !ok {
		return nil, false
	}
	rm, ok := s.deps.Rooms.Room(full)
	if !ok {
		writeError(w, http.StatusNotFound, "ROOM_NOT_FOUND", "No such room is open.", "")
	}
	return rm, ok
}

// login validates the bearer token of a request.
func (s *Server) login(w http.ResponseWriter, r *http.Request) (host.Session, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"success": false, "error": "Authentication required", "message": "No authorization header provided"})
		return host.Session{}, false
	}
	login, err := s.deps.Auth.ValidateSession(r.Context(), strings.TrimSpace(token))
	switch {
	case errors.Is(err, host.ErrUnauthenticated):
		writeJSON(w, http.StatusUnauthorized, map[string]any{"success": false, "error": "Invalid token", "message": "The provided token is invalid or expired"})
	case err != nil:
		_ = s.outage("session", err)
		writeError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "Sign-in cannot be checked now.", "")
	}
	return login, err == nil
}

// mayRoom asks for the right to see a room. Who may not see it does not learn
// whether it exists.
func (s *Server) mayRoom(w http.ResponseWriter, r *http.Request, login host.Session, roomType, id string) (room.Grant, bool) {
	h, ok := s.deps.Rooms.Handler(roomType)
	if !ok {
		writeError(w, http.StatusNotFound, "ROOM_NOT_FOUND", "No such room is open.", "")
		return room.Grant{}, false
	}
	grant, err := h.Authorize(r.Context(), login, id)
	switch {
	case errors.Is(err, room.ErrRoomNotFound):
		// An unknown record has no snapshot to make; existing clients expect
		// an answer, not an error.
		if r.Method == http.MethodPost {
			writeData(w, map[string]any{"snapshotCreated": false, "version": nil, "timestamp": nil})
			return room.Grant{}, false
		}
		writeError(w, http.StatusNotFound, "ROOM_NOT_FOUND", "No such room is open.", "")
	case errors.Is(err, room.ErrPermissionDenied), err == nil && !grant.View:
		refuseHTTP(w, login, host.PermissionRecordsView, "Cannot view records")
	case err != nil:
		_ = s.outage("authorization", err)
		writeError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "Rights cannot be checked now.", "")
	default:
		return grant, true
	}
	return room.Grant{}, false
}

func (s *Server) mayAdmin(w http.ResponseWriter, r *http.Request, login host.Session) bool {
	ok, err := s.deps.Auth.Can(r.Context(), login.User, host.PermissionAdmin, "")
	switch {
	case err != nil:
		_ = s.outage("authorization", err)
		writeError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "Rights cannot be checked now.", "")
	case !ok:
		refuseHTTP(w, login, host.PermissionAdmin, "Administrators only")
	}
	return err == nil && ok
}

// refuseHTTP answers 403 in the core's shape.
func refuseHTTP(w http.ResponseWriter, login host.Session, p host.Permission, text string) {
	writeJSON(w, http.StatusForbidden, map[string]any{"success": false, "error": map[string]any{
		"message": "Permission denied: " + text, "code": "INSUFFICIENT_PERMISSIONS", "required": p,
		"user": map[string]any{"id": login.User.ID, "username": login.User.Username, "role": login.User.Role},
	}})
}

func writeError(w http.ResponseWriter, status int, code, message, correlationID string) {
	e := map[string]any{"message": message, "code": code}
	if correlationID != "" {
		e["correlationId"] = correlationID
	}
	writeJSON(w, status, map[string]any{"success": false, "error": e})
}

func writeData(w http.ResponseWriter, data any) {
	writeJSON(w, http.StatusOK, map[string]any{"success": true, "data": data})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
