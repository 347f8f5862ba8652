package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// object is a JSON object of an answer.
type object = map[string]any

// ok answers {"success":true,"data":…}.
func ok(w http.ResponseWriter, status int, data any) {
	send(w, status, struct {
		Success bool `json:"success"`
		Data    any  `json:"data"`
	}{true, data})
}

// failure is the error member of an answer. Members beyond the message and
// the code are added where the core has them.
type failure struct {
	Message       string `json:"message"`
	Code          string `json:"code"`
	Required      string `json:"required,omitempty"`
	User          any    `json:"user,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`
}

// fail answers {"success":false,"error":{"message":…,"code":…}}.
func fail(w http.ResponseWriter, status int, code, message string) {
	failWith(w, status, failure{Message: message, Code: code})
}

func failWith(w http.ResponseWriter, status int, f failure) {
	send(w, status, struct {
		Success bool    `json:"success"`
		Error   failure `json:"error"`
	}{false, f})
}

func send(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"success":false,"error":{"message":"The answer could not be written","code":"INTERNAL_ERROR"}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client is gone if this fails
}

// internal logs an error under a correlation id and answers with that only.
// A backend that may come back is 503, so that clients try again.
func (a *API) internal(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is waiting for an answer
	}
	id := rand.Text()
	a.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "correlation_id", id, "error", err)
	w.Header().Set("Retry-After", "5")
	failWith(w, http.StatusServiceUnavailable, failure{
		Message: "The server could not do this now; please try again", Code: "SERVICE_UNAVAILABLE", CorrelationID: id,
	})
}

// readJSON reads the request's body into v and answers what is wrong with it.
// An empty body leaves v as it is.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(r.Body)
	err := dec.Decode(v)
	if err == nil {
		if _, err = dec.Token(); err == nil {
			err = errors.New("there is more than one JSON value")
		}
	}
	if errors.Is(err, io.EOF) {
		return true
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		fail(w, http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", fmt.Sprintf("The request is larger than %d bytes", tooLarge.Limit))
		return false
	}
	fail(w, http.StatusBadRequest, "INVALID_JSON", "The request's body is not the JSON that is expected: "+err.Error())
	return false
}
