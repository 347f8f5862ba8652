package awareness

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"
	"time"
)

// The cases are what y-protocols does; integration_test/js/engine/fixtures.mjs
// makes them.
type recordedCase struct {
	Seed  int
	Local uint64 // the own client; 0 = none
	Steps []struct {
		Now    int64 // ms
		Apply  *string
		Remove []uint64
		Local  *string
		Tick   bool

		Want     struct{ Added, Updated, Removed, Changed []uint64 }
		Renewed  bool
		Outdated []uint64

		Known, Here []uint64
		Encoded     string
	}
}

func TestAgainstYProtocols(t *testing.T) {
	text, err := os.ReadFile("testdata/awareness.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []recordedCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		replay(t, c)
	}
}

func replay(t *testing.T, c recordedCase) {
	a := New()
	if c.Local != 0 {
		if _, err := a.SetLocal(c.Local, json.RawMessage(`{}`), time.UnixMilli(1_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range c.Steps {
		now := time.UnixMilli(s.Now)
		var got Change
		var err error
		switch {
		case s.Apply != nil:
			got, err = a.Apply(unhex(t, *s.Apply), now)
		case s.Local != nil:
			got, err = a.SetLocal(c.Local, json.RawMessage(*s.Local), now)
		case s.Tick:
			if renewed := a.Renew(now); renewed != s.Renewed {
				t.Errorf("seed %d step %d: renewed %v, want %v", c.Seed, i, renewed, s.Renewed)
			}
			if old := a.RemoveOutdated(now); !slices.Equal(old, s.Outdated) {
				t.Errorf("seed %d step %d: outdated %v, want %v", c.Seed, i, old, s.Outdated)
			}
		default:
			got.Removed = a.Remove(s.Remove, now)
		}
		if err != nil {
			t.Fatalf("seed %d step %d: %v", c.Seed, i, err)
		}
		if !slices.Equal(got.Added, s.Want.Added) || !slices.Equal(got.Updated, s.Want.Updated) ||
			!slices.Equal(got.Removed, s.Want.Removed) || !slices.Equal(got.Changed, s.Want.Changed) {
			t.Errorf("seed %d step %d: change %+v, want %+v", c.Seed, i, got, s.Want)
		}
		if here := a.Clients(); !slices.Equal(here, s.Here) {
			t.Errorf("seed %d step %d: here %v, want %v", c.Seed, i, here, s.Here)
		}
		if encoded := hex.EncodeToString(a.Encode(s.Known)); encoded != s.Encoded {
			t.Fatalf("seed %d step %d: encoded\n%s, want\n%s", c.Seed, i, encoded, s.Encoded)
		}
	}
}

var start = time.UnixMilli(1_000_000)

// with returns an Awareness of clients, each with clock 1 and an empty state.
func with(t *testing.T, l Limits, clients ...uint64) *Awareness {
	t.Helper()
	a := NewLimited(l)
	for _, id := range clients {
		mustApply(t, a, start, Entry{id, 1, json.RawMessage(`{}`)})
	}
	return a
}

func mustApply(t *testing.T, a *Awareness, now time.Time, entries ...Entry) Change {
	t.Helper()
	ch, err := a.Apply(AppendUpdate(nil, entries), now)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func TestBadUpdateChangesNothing(t *testing.T) {
	a := with(t, Limits{}, 1, 2)
	before := a.Encode([]uint64{1, 2})
	bad := AppendUpdate(nil, []Entry{{1, 9, json.RawMessage(`{"x":1}`)}, {2, 9, json.RawMessage(`{"x":`)}})
	if _, err := a.Apply(bad, start); !errors.Is(err, ErrMalformed) {
		t.Fatalf("error %v, want ErrMalformed", err)
	}
	if got := a.Encode([]uint64{1, 2}); !bytes.Equal(got, before) {
		t.Errorf("state %x after a bad update, want %x", got, before)
	}
}

func TestStatesAreCopied(t *testing.T) {
	a := New()
	update := AppendUpdate(nil, []Entry{{1, 1, json.RawMessage(`{"name":"Ana"}`)}})
	if _, err := a.Apply(update, start); err != nil {
		t.Fatal(err)
	}
	clear(update)
	if s, _ := a.State(1); string(s) != `{"name":"Ana"}` {
		t.Errorf("state %q changed with the input", s)
	}
}

func TestMaxClients(t *testing.T) {
	a := with(t, Limits{MaxClients: 3}, 1, 2, 3)
	full := AppendUpdate(nil, []Entry{{4, 1, json.RawMessage(`{}`)}})
	if _, err := a.Apply(full, start); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("fourth of three clients: error %v, want ErrTooLarge", err)
	}
	a.Remove([]uint64{2}, start)
	if _, err := a.Apply(full, start); err != nil {
		t.Fatalf("one has left: %v", err)
	}
	if _, known := a.Clock(2); known {
		t.Error("client 2 is gone but was not forgotten")
	}
	if got, want := a.Clients(), []uint64{1, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("clients %v, want %v", got, want)
	}
	// Those that are here can always go on.
	mustApply(t, a, start, Entry{1, 2, json.RawMessage(`{"x":1}`)}, Entry{3, 2, json.RawMessage(`null`)})
}

func TestFullDoesNotForgetWhoIsNamed(t *testing.T) {
	a := with(t, Limits{MaxClients: 3}, 1, 2, 3)
	a.Remove([]uint64{1, 2}, start)
	// The old clock of client 1 must still count, although room is needed for 4.
	mustApply(t, a, start, Entry{1, 1, json.RawMessage(`{"old":1}`)}, Entry{4, 1, json.RawMessage(`{}`)})
	if _, here := a.State(1); here {
		t.Error("client 1 came back with an old clock")
	}
}

func TestApplyOfAMovingCursorAllocates(t *testing.T) {
	a := with(t, Limits{}, 1)
	state := json.RawMessage(`{"cursor":{"anchor":1}}`)
	clock := uint64(1)
	entries := []Entry{{1, 0, state}}
	mustApply(t, a, start, Entry{1, 2, state})
	// Change.Updated is all that is made: the state goes where the last one was.
	got := testing.AllocsPerRun(100, func() {
		clock++
		entries[0].Clock = clock + 1
		if _, err := a.ApplyEntries(entries, start); err != nil {
			t.Fatal(err)
		}
	})
	if got > 1 {
		t.Errorf("%v allocations, want at most 1", got)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
