package yjs

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// eventSession is a stream of updates and what Yjs says of each: made by
// testdata/events.mjs with the sessions of the conformance harness.
type eventSession struct {
	Profile string `json:"profile"`
	Steps   []struct {
		Update string           `json:"update"`
		Event  string           `json:"event"`
		Events []map[string]any `json:"events"`
	} `json:"steps"`
	State string `json:"state"`
}

func TestEventsLikeYjs(t *testing.T) {
	file := "testdata/events.json"
	if f := os.Getenv("YJS_EVENTS"); f != "" {
		file = f
	}
	b, err := os.ReadFile(file)
	var sessions []eventSession
	if err == nil {
		err = json.Unmarshal(b, &sessions)
	}
	if err != nil || len(sessions) == 0 {
		t.Fatal(err)
	}
	for _, s := range sessions {
		t.Run(s.Profile, func(t *testing.T) {
			d := NewDoc(Options{})
			var event string
			var events []map[string]any
			d.OnUpdate(func(u []byte, _ any, _ *Transaction) { event = hex.EncodeToString(u) })
			ObserveDeep(d.XMLFragment("default"), func(es []*Event) {
				for _, e := range es {
					events = append(events, showEvent(t, e))
				}
			})
			for i, step := range s.Steps {
				event, events = "", nil
				if err := d.ApplyUpdate(unhex(t, step.Update), nil); err != nil {
					t.Fatal(err)
				}
				if event != step.Event {
					t.Fatalf("step %d: update event\n%s, want\n%s", i, event, step.Event)
				}
				if !reflect.DeepEqual(events, step.Events) {
					got, _ := json.Marshal(events)
					want, _ := json.Marshal(step.Events)
					t.Fatalf("step %d: events\n%s, want\n%s", i, got, want)
				}
			}
			if got := hex.EncodeToString(state(t, d)); s.State != "" && got != s.State {
				t.Errorf("state %s, want %s", got, s.State)
			}
			d.check(t)
		})
	}
}

// showEvent writes an event as the fixture has it.
func showEvent(t *testing.T, e *Event) map[string]any {
	t.Helper()
	delta := []any{}
	if e.ListChanged() {
		for _, op := range e.Delta() {
			o := map[string]any{}
			switch v := op.Insert.(type) {
			case nil:
				if op.Delete > 0 {
					o["delete"] = op.Delete
				} else {
					o["retain"] = op.Retain
				}
			case []any:
				list := []any{}
				for _, x := range v {
					list = append(list, showValue(x))
				}
				o["insert"] = list
			default:
				o["insert"] = showValue(v)
			}
			if op.Attributes != nil {
				o["attributes"] = op.Attributes.Map()
			}
			delta = append(delta, o)
		}
	}
	keys := map[string]any{}
	for _, k := range e.Keys() {
		change := map[string]any{"action": k.Action, "oldValue": showValue(k.OldValue)}
		if k.Action == ActionAdd {
			change["oldValue"] = showValue(lib0.Undefined)
		}
		keys[k.Key] = change
	}
	path := e.Path()
	if path == nil {
		path = []any{}
	}
	b, err := json.Marshal(map[string]any{"path": path, "delta": delta, "keys": keys})
	var out map[string]any
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func showValue(v any) any {
	switch v := v.(type) {
	case Node:
		id, _ := v.ID()
		return map[string]any{"$type": id.String()}
	case []byte:
		return map[string]any{"$bin": fmt.Sprintf("%x", v)}
	case lib0.Object:
		return v.Map()
	}
	if v == lib0.Undefined {
		return map[string]any{"$undef": 1}
	}
	return v
}
