package host

import (
	"errors"
	"testing"
)

func TestPayloadAs(t *testing.T) {
	want := SessionsRevoked{UserID: 7, Reason: "password"}
	for name, payload := range map[string]any{
		"value":         want,
		"pointer":       &want,
		"map, number":   map[string]any{"userId": 7, "reason": "password"},
		"map, string":   map[string]any{"userId": "7", "reason": "password"},
		"other struct":  struct{ UserId, Reason string }{"7", "password"},
		"extra members": map[string]any{"userId": 7, "reason": "password", "by": 1},
	} {
		got, err := PayloadAs[SessionsRevoked](payload)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
	for name, payload := range map[string]any{
		"nil":         nil,
		"nil pointer": (*SessionsRevoked)(nil),
		"text":        "gone",
		"no id":       map[string]any{"reason": "x"},
		"bad id":      map[string]any{"userId": "alice"},
		"object id":   map[string]any{"userId": map[string]any{}},
		"channel":     make(chan int),
	} {
		if got, err := PayloadAs[SessionsRevoked](payload); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func TestErrorIsByCode(t *testing.T) {
	sentinel := &Error{Code: "ROOM_GONE", Message: "the room is gone"}
	cause := errors.New("disk")
	err := sentinel.With("corr-1", cause)
	if !errors.Is(err, sentinel) || !errors.Is(err, cause) {
		t.Errorf("errors.Is must find code and cause in %v", err)
	}
	if errors.Is(err, &Error{Code: "OTHER"}) {
		t.Error("another code must not match")
	}
	if sentinel.CorrelationID != "" {
		t.Error("With changed the sentinel")
	}
	if got, want := err.Error(), "the room is gone: disk"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
