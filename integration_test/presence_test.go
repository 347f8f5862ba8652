package integration_test

import (
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Stock clients see each other again at once after one of them, or the server,
// was away, although nobody moves: they would have to wait until the others
// renew their state, every 15 s.
func TestPresenceComesBackWithThePerson(t *testing.T) {
	const soon = 8000 // ms, well below the renewal of a state that was just set
	dir := t.TempDir()
	s := startDemo(t, dir)
	c := startClients(t)
	everybody := []string{"alice", "bob", "dave"}
	caret := map[string]int{}
	others := func(name string) (list []string) {
		for _, o := range everybody {
			if o != name {
				list = append(list, o)
			}
		}
		return list
	}
	see := func() {
		t.Helper()
		for name, at := range caret {
			c.do("until", do{"clients": others(name), "limit": soon, "presence": 3, "sees": []do{{"of": name, "field": "caret", "value": at}}})
		}
	}
	move := func(name string) {
		caret[name]++
		c.do("state", do{"client": name, "field": "caret", "value": caret[name]})
	}
	for _, name := range everybody {
		c.join(s, name, name, bylaw, false)
		move(name)
	}
	see()

	for _, name := range []string{"alice", "bob"} {
		move(name)
		see()
		c.do("disconnect", do{"client": name})
		c.do("until", do{"clients": others(name), "presence": 2})
		c.do("connect", do{"client": name})
		see()
		move(name)
		see()
	}
	c.do("cut", do{"client": "alice"})
	see()
	move("bob")
	c.do("cut", do{"client": "bob"})
	move("alice")
	see()

	for _, name := range everybody {
		move(name)
	}
	see()
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	c.do("until", do{"clients": everybody, "presence": 1})
	s = startDemo(t, dir, "--realtime-addr", strings.TrimPrefix(s.Realtime, "ws://"))
	see()
	for _, name := range everybody {
		move(name)
		see()
	}
	c.do("disconnect", do{"client": "dave"})
	c.do("until", do{"clients": []string{"alice", "bob"}, "presence": 2})

	// Clients send on what they hear; that must come to an end.
	_, figures := s.request(t, "", "GET", "/metrics", "")
	said := regexp.MustCompile(`messages_total\{direction="in",type="awareness"\} (\d+)`).FindStringSubmatch(figures)
	if said == nil {
		t.Fatal("no figure of presence messages")
	}
	t.Logf("%s presence messages", said[1])
	if n, _ := strconv.Atoi(said[1]); n > 80 {
		t.Errorf("%d presence messages for three reconnects and three moves", n)
	}
}
