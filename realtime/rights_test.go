package realtime

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

func TestRevocationEndsTheSocketAtOnce(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, v1: true}).sync()
	stock := s.dial(dial{user: 1}).sync()
	b := s.dial(dial{user: 2}).sync()
	b.untilText("seed")
	s.host.Revoke(1, "password changed")
	// What is sent from here on is never applied, although the close may
	// still be on its way.
	update := a.change(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, 0, "late ", nil) })
	_ = a.write(append([]byte{0, 2, byte(len(update))}, update...))
	if code, reason := a.closed(); code != 4001 || !strings.HasPrefix(reason, `{"code":"SESSION_REVOKED","reason":"password changed","id":"`) {
		t.Errorf("closed with %d %s", code, reason)
	}
	if e := a.texts[len(a.texts)-1]; e["event"] != "session.revoked" || e["reason"] != "password changed" {
		t.Errorf("last frame %v", e)
	}
	if code, reason := stock.closed(); code != 4001 || reason != `{"code":"SESSION_REVOKED","reason":"password changed"}` {
		t.Errorf("stock client closed with %d %s", code, reason)
	}
	if len(stock.texts) != 0 {
		t.Errorf("stock client got %v", stock.texts)
	}
	b.insert(4, "!")
	c := s.dial(dial{user: 4}).sync()
	c.untilText("seed!")
	if !slices.Contains(s.notes.names(), hooks.NameSecuritySessionsClosed) {
		t.Error("no hook about the closed sessions")
	}
}

func TestLogoutEndsOnlyThatSession(t *testing.T) {
	s := newStand(t, standOptions{})
	one, two := s.host.Login(1, 0), s.host.Login(1, 0)
	a := s.dial(dial{token: one}).sync()
	b := s.dial(dial{token: two}).sync()
	s.host.Logout(one)
	if code, _ := a.closed(); code != 4001 {
		t.Errorf("closed with %d, want 4001", code)
	}
	b.untilText("seed")
	b.insert(0, "still ")
	c := s.dial(dial{user: 2}).sync()
	c.untilText("still seed")
}

func TestDemotionWorksWithoutADisconnect(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, v1: true}).sync()
	b := s.dial(dial{user: 2}).sync()
	a.untilText("seed")
	s.host.SetRole(1, "public")
	if e := a.untilEvent("access"); e["access"] != "view" {
		t.Errorf("access %v", e)
	}
	a.insert(0, "no ")
	a.untilEvent("error")
	b.untilText("seed")
	b.insert(4, "!")
	// Promoted again: what the client wrote meanwhile may come in now.
	s.host.SetRole(1, "clerk")
	b.untilText("no seed!")
}

// moody is a room type where everybody may edit or nobody, and tells nobody
// when that changes.
type moody struct {
	textRooms
	closed atomic.Bool
}

func (m *moody) Authorize(context.Context, host.Session, string) (room.Grant, error) {
	return room.Grant{View: true, Edit: !m.closed.Load()}, nil
}

// Whatever the core says of a record or of roles, the rights are read again at
// once.
func TestRightsAreReadWhenTheCoreSaysSo(t *testing.T) {
	h := newHost()
	rooms := &moody{textRooms: textRooms{host: h}}
	s := newStand(t, standOptions{host: h, handlers: []room.Handler{rooms}})
	a := s.dial(dial{user: 1, v1: true}).sync()
	access := func(want string) {
		t.Helper()
		a.until("access "+want, func() bool {
			last := "edit"
			for _, m := range a.texts {
				if m["event"] == "access" {
					last, _ = m["access"].(string)
				}
			}
			return last == want
		})
	}
	tell := func(event string, payload any) {
		t.Helper()
		must(t, h.Emit(t.Context(), event, payload))
	}
	record := host.RecordEvent{RecordID: "r1"}
	for _, event := range []string{
		host.EventStatusChanged, host.EventRecordPublished, host.EventRecordUpdated, host.EventRecordCreated, host.EventDraftCreated, host.EventRolesChanged,
	} {
		var payload any = record
		if event == host.EventRolesChanged {
			payload = host.RolesChanged{UserID: 1}
		}
		rooms.closed.Store(true)
		tell(event, payload)
		access("view")
		rooms.closed.Store(false)
		tell(event, payload)
		access("edit")
	}
}

func TestSessionExpiryEndsTheSocket(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{token: s.host.Login(1, 1500*time.Millisecond)}).sync()
	if code, reason := a.closed(); code != 4001 {
		t.Errorf("closed with %d %s, want 4001", code, reason)
	}
}

func TestDeletedRecordEndsItsSockets(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	s.host.DeleteRecord("r1")
	if code, reason := a.closed(); code != 4003 {
		t.Errorf("closed with %d %s, want 4003", code, reason)
	}
}

func TestForgedAuthorIsRefused(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, id: 111}).sync()
	a.untilText("seed")
	a.insert(0, "a")
	b := s.dial(dial{user: 2, id: 222, v1: true}).sync()
	b.untilText("aseed")
	// Bob writes under Alice's id.
	b.mu.Lock()
	b.doc.SetClientID(111)
	b.mu.Unlock()
	b.insert(0, "forged ")
	if e := b.untilEvent("error"); e["error"].(map[string]any)["code"] != "PERMISSION_DENIED" {
		t.Errorf("error %v", e)
	}
	e, ok := s.notes.find(hooks.NameSecurityForged)
	if !ok || e.Data.(hooks.SecurityForged).YClient != 111 || e.Data.(hooks.SecurityForged).OwnerID != 1 {
		t.Errorf("hook %+v %v", e, ok)
	}
	a.insert(0, "b")
	s.dial(dial{user: 4}).sync().untilText("baseed")
}

// After a crash the browsers hold edits of each other that the server lost.
func TestEditsOfAnAbsentAuthorAreTakenFromOthers(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, id: 111}).sync()
	a.untilText("seed")
	a.insert(0, "kept ") // binds 111 to Alice
	b := s.dial(dial{user: 2}).sync()
	b.untilText("kept seed")
	// Alice goes, and Bob holds something of hers that the server never got.
	a.ws.CloseNow()
	s.settled(1)
	lost := a.change(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, 0, "lost ", nil) })
	b.mu.Lock()
	must(t, b.doc.ApplyUpdate(lost, "remote"))
	b.mu.Unlock()
	again := s.dial(dial{user: 2, doc: b.state()}).sync()
	again.untilText("lost kept seed")
	s.dial(dial{user: 4}).sync().untilText("lost kept seed")
	// It is kept in nobody's name: nobody can say who wrote it.
	var authors []int64
	s.poll("both edits in the journal", func() bool {
		loaded, err := s.store.Load(t.Context(), "records:r1")
		must(t, err)
		authors = nil
		for _, e := range loaded.Entries {
			authors = append(authors, e.Author)
		}
		return len(authors) >= 2
	})
	if !slices.Equal(authors, []int64{1, 0}) {
		t.Errorf("the edits are those of users %v, want 1 and then nobody", authors)
	}
}

func TestForeignLineageIsNotMerged(t *testing.T) {
	h := newHost()
	s := newStand(t, standOptions{host: h, handlers: []room.Handler{textRooms{host: h, foreign: func(_ store.Meta, sv yjs.StateVector) bool {
		_, other := sv[999] // the seed of another lineage
		return other
	}}}})
	old := yjs.NewDoc(yjs.Options{ClientID: 999})
	must(t, old.Transact(nil, func(tx *yjs.Transaction) error { return old.Text("t").Insert(tx, 0, "seed", nil) }))
	state, err := old.EncodeStateAsUpdate(nil)
	must(t, err)
	v1 := s.dial(dial{user: 1, doc: state, v1: true})
	if code, reason := v1.closed(); code != 4409 || reason != `{"code":"LINEAGE_CHANGED"}` {
		t.Errorf("closed with %d %s", code, reason)
	}
	if e := v1.untilEvent("reload"); e["reason"] != "lineage.changed" {
		t.Errorf("event %v", e)
	}
	if v1.text() != "seed" {
		t.Errorf("the client's text became %q", v1.text())
	}
	// One that never sends a step 1 is found by what it writes.
	sneaky := s.dial(dial{user: 1, quiet: true})
	must(t, sneaky.write(append([]byte{0, 1, byte(len(state))}, state...)))
	if code, _ := sneaky.closed(); code != 4409 {
		t.Errorf("closed with %d", code)
	}
	s.dial(dial{user: 2}).sync().untilText("seed")
}
