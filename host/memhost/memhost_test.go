package memhost

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/hosttest"
)

func TestConformance(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) hosttest.Fixture {
		h := New()
		return hosttest.Fixture{
			Host: h,
			AddUser: func(_ *testing.T, username, role string) (host.User, string) {
				u := h.AddUser(host.User{Username: username, Name: "Name of " + username, Email: username + "@example.org", Role: role})
				return u, h.Login(u.ID, time.Hour)
			},
			Expire: func(_ *testing.T, token string) {
				h.mu.Lock()
				defer h.mu.Unlock()
				s := h.sessions[token]
				s.expires = time.Now().Add(-time.Second)
				h.sessions[token] = s
			},
			Revoke:    func(_ *testing.T, id int64, reason string) { h.Revoke(id, reason) },
			Logout:    func(_ *testing.T, token string) { h.Logout(token) },
			SetRole:   func(_ *testing.T, id int64, role string) { h.SetRole(id, role) },
			PutRecord: func(_ *testing.T, r host.Record) { h.PutRecord(r) },
			Break:     func(*testing.T) func() { return h.Down(errors.New("backend is down")) },
		}
	})
}

func TestSlowBackendEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		token := h.Login(h.AddUser(host.User{Role: "clerk"}).ID, 0)
		h.Gate(func(ctx context.Context, op Operation) error {
			if op != OpValidateSession {
				return nil
			}
			select {
			case <-time.After(time.Minute):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.ValidateSession(ctx, token); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
		if _, err := h.ValidateSession(t.Context(), token); err != nil {
			t.Errorf("a slow answer is still an answer: %v", err)
		}
	})
}

func TestOutsideChangesAreAnnounced(t *testing.T) {
	h := New()
	var got []string
	for _, e := range []string{
		host.EventRecordCreated, host.EventRecordUpdated, host.EventStatusChanged, host.EventDraftCreated, host.EventDraftUpdated,
		host.EventDraftDeleted, host.EventRecordPublished, host.EventRecordCommitted, host.EventRecordDeleted,
	} {
		h.Subscribe(e, func(_ context.Context, p any) {
			ev, err := host.PayloadAs[host.RecordEvent](p)
			if err != nil || ev.RecordID != "r" {
				t.Errorf("%s: got %+v, %v", e, ev, err)
			}
			got = append(got, e)
		})
	}
	r := host.Record{Fields: host.Fields{ID: "r", Title: "R", Type: "bylaw", Status: "draft"}}
	d := host.Draft{Fields: r.Fields}
	h.PutRecord(r)
	r.Status = "published"
	h.PutRecord(r)
	h.PutDraft(d)
	h.PutDraft(d)
	h.DeleteDraft("r")
	h.PutDraft(d)
	if err := h.Publish("r"); err != nil {
		t.Fatal(err)
	}
	if err := h.Publish("r"); !errors.Is(err, host.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	h.DeleteRecord("r")
	h.DeleteRecord("r")
	want := []string{
		host.EventRecordCreated, host.EventRecordUpdated, host.EventStatusChanged, host.EventDraftCreated, host.EventDraftUpdated,
		host.EventDraftDeleted, host.EventDraftCreated, host.EventRecordPublished, host.EventRecordCommitted, host.EventRecordDeleted,
	}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d: got %s, want %s", i, got[i], want[i])
		}
	}
}
