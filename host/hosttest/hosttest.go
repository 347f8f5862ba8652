// Package hosttest is the conformance suite of the host contract: what the
// plugin relies on, asked of any implementation. host/memhost and
// host/instance both pass it.
package hosttest

import (
	"context"
	"testing"

	"github.com/civicpress/realtimefx/host"
)

// Host is what the suite asks its questions of.
type Host interface {
	host.Auth
	host.UserDirectory
	host.Records
	host.DraftStore
	host.HookEmitter
	host.HookSubscriber
	host.HealthRegistry
}

// Fixture is a host with the means to change things behind the plugin's back.
// All functions fail the test on errors. The host must define the roles clerk
// (edit and view), public (view) and admin (everything).
type Fixture struct {
	Host

	// AddUser adds an account, and returns it and a token that is valid.
	AddUser func(t *testing.T, username, role string) (host.User, string)
	// Expire makes the session of the token end in the past.
	Expire func(t *testing.T, token string)
	// Revoke ends all sessions of the user with the reason, as a changed
	// password does.
	Revoke func(t *testing.T, userID int64, reason string)
	// Logout ends the session of the token.
	Logout func(t *testing.T, token string)
	// SetRole changes the role in the account.
	SetRole func(t *testing.T, userID int64, role string)
	// PutRecord publishes a record or replaces it.
	PutRecord func(t *testing.T, r host.Record)
	// Break makes every operation of the host fail until restore is called.
	Break func(t *testing.T) (restore func())
}

// Run runs the suite. open is called once a test and returns a fresh host.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Fixture)
	}{
		{"Sessions", testSessions},
		{"SessionEvents", testSessionEvents},
		{"Rights", testRights},
		{"RoleChange", testRoleChange},
		{"Users", testUsers},
		{"Records", testRecords},
		{"DraftLife", testDraftLife},
		{"DraftRace", testDraftRace},
		{"CreateRace", testCreateRace},
		{"OddText", testOddText},
		{"Broken", testBroken},
		{"EndedContext", testEndedContext},
		{"Hooks", testHooks},
		{"Health", testHealth},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func draft(id, body string) host.Draft {
	return host.Draft{
		Fields: host.Fields{
			ID: id, Title: "Draft " + id, Type: "bylaw", Status: "draft", WorkflowState: "draft", Body: body,
			Metadata:             []byte(`{"tags":["a"], "n":1.50}`),
			Geography:            []byte(`{"zone":"R-2"}`),
			AttachedFiles:        []byte(`[{"id":"f1"}]`),
			LinkedRecords:        []byte(`[{"id":"r1"}]`),
			LinkedGeographyFiles: []byte(`[{"id":"g1"}]`),
			Author:               "alice",
		},
		CreatedBy: "realtime-snapshot",
	}
}

// mustDraft returns the draft.
func mustDraft(t *testing.T, h host.DraftStore, id string) host.Draft {
	t.Helper()
	d, err := h.Draft(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
