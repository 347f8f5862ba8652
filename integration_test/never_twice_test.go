package integration_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// offline types words without a connection.
func (t *typist) offline(n int, rnd *rand.Rand) {
	for range n {
		t.mu.Lock()
		t.word(rnd)
		t.pending = t.pending[:0] // travels with the next step 2
		t.mu.Unlock()
	}
}

// putDraft saves the draft as the core's form does.
func (c *crash) putDraft(change func(string) string) {
	c.t.Helper()
	body, ok := draftRow(c.t, c.s, crashRecord)
	if !ok {
		c.t.Fatal("there is no draft")
	}
	changed := change(body)
	if changed == body {
		c.t.Fatal("the change from outside changes nothing")
	}
	b, err := json.Marshal(map[string]string{"markdownBody": changed})
	if err != nil {
		c.t.Fatal(err)
	}
	if status, answer := c.s.request(c.t, "dave", "PUT", "/api/v1/records/"+crashRecord+"/draft", string(b)); status != 200 {
		c.t.Fatalf("put draft: %d %s", status, answer)
	}
}

// until waits for something to become true.
func (c *crash) until(what string, ok func() bool) {
	c.t.Helper()
	for limit := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			c.t.Fatalf("%s: does not happen", what)
		}
	}
}

// TestNeverTwice leaves two browser tabs offline for a day: the server dies
// meanwhile, the draft is changed by the core's form, cold and live, and both
// tabs come back with what they typed. Nothing may be doubled, lost or
// overwritten.
func TestNeverTwice(t *testing.T) {
	c := newCrash(t, t.TempDir())
	for range 2 {
		c.people = append(c.people, c.newcomer())
	}
	c.typeFor(300 * time.Millisecond)
	c.settle()
	c.archive()
	for _, p := range c.people {
		p.drop()
		p.offline(20, c.rnd)
	}
	c.s.kill()
	c.count.kills++

	// The record is not open: the form changes its draft.
	c.start()
	last := func(add string) func(string) string {
		return func(body string) string { return strings.TrimRight(body, "\n") + " " + add }
	}
	c.putDraft(last("Changed while nobody looked."))
	c.connect(c.people[0])
	c.connect(c.people[1])
	c.until("the change made while the record was closed reaches both", func() bool {
		for _, p := range c.people {
			if _, whole := p.view(); strings.Count(whole, "Changed while nobody looked.") != 1 {
				return false
			}
		}
		return true
	})
	c.settle()
	c.archive()

	// The record is open and people type: the form changes the draft again.
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.typeFor(600 * time.Millisecond)
	}()
	c.putDraft(last("Changed while people typed."))
	<-done
	c.settle()
	c.archive()
	c.until("the change made while people typed reaches both", func() bool {
		for _, p := range c.people {
			if _, whole := p.view(); strings.Count(whole, "Changed while people typed.") != 1 {
				return false
			}
		}
		return true
	})
	c.settle()
	c.archive()
	draft, _ := draftRow(t, c.s, crashRecord)
	for _, sentence := range []string{"Changed while nobody looked.", "Changed while people typed."} {
		if n := strings.Count(draft, sentence); n != 1 {
			t.Errorf("the draft says %q %d times", sentence, n)
		}
	}
	if missing := c.judge("at the end"); len(missing) > 0 {
		t.Errorf("acknowledged words are lost: %q", missing)
	}
	c.report("two tabs offline, two changes from outside", "")
}
