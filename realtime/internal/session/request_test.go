package session

import (
	"net/http"
	"net/netip"
	"testing"
	"time"
)

func TestParseRoom(t *testing.T) {
	for target, want := range map[string][2]string{
		"/realtime/records/x":                      {"records", "x"},
		"/realtime/record/x":                       {"records", "x"},
		"/realtime/devices/x":                      {"device", "x"},
		"/realtime/records/x/":                     {"records", "x"},
		"//realtime//records//x":                   {"records", "x"},
		"/realtime/records/x/extra/more":           {"records", "x"},
		"/realtime/records/x?a=b":                  {"records", "x"},
		"/realtime/records/../records/x":           {"records", "x"},
		"/realtime/a/%2E%2e/records/./x":           {"records", "x"},
		`\realtime\records\x`:                      {"records", "x"},
		"/realtime/records/climate%2Daction":       {"records", "climate%2Daction"},
		"http://town.example/realtime/records/x?y": {"records", "x"},
		"/realtime/Records/x":                      {"Records", "x"},
		"/realtimeX/records/x":                     {},
		"/realtime/records":                        {},
		"/realtime/records/":                       {},
		"/realtime/records/..":                     {},
		"/../../etc/passwd/x":                      {},
		"":                                         {},
	} {
		if gotType, gotID := parseRoom(target); gotType != want[0] || gotID != want[1] {
			t.Errorf("%q: %q %q, want %q", target, gotType, gotID, want)
		}
	}
}

func FuzzParseRoom(f *testing.F) {
	f.Add("/realtime/records/x")
	f.Add("http://h/realtime/../realtime/a/%2e%2e/b")
	f.Fuzz(func(t *testing.T, target string) {
		roomType, id := parseRoom(target)
		if (roomType == "") != (id == "") {
			t.Errorf("%q: half a room: %q %q", target, roomType, id)
		}
		if id == ".." || id == "." || len(id) > maxName {
			t.Errorf("%q: id %q", target, id)
		}
	})
}

func TestToken(t *testing.T) {
	long := "0123456789abcdef0123456789"
	for _, c := range []struct {
		name     string
		auth     string
		offer    string
		token    string
		protocol string
		control  bool
	}{
		{"header", "Bearer t", "", "t", "", true},
		{"header beats subprotocol", "Bearer t", "auth.u", "t", "auth.u", true},
		{"lower case is no bearer", "bearer t", "auth.u", "u", "auth.u", false},
		{"subprotocol", "", "auth.u", "u", "auth.u", false},
		{"second subprotocol", "", "yjs, auth.u", "u", "yjs", false},
		{"long subprotocol", "", "yjs, " + long, long, "yjs", false},
		{"long one with a slash", "", long + "/x", "", long + "/x", false},
		{"whichever comes first", "", long + ", auth.u", long, long, false},
		{"ours is no token", "", Subprotocol + ", auth.u", "u", Subprotocol, true},
		{"ours wherever it stands", "", "auth.u, " + Subprotocol, "u", Subprotocol, true},
		{"nothing", "", "", "", "", false},
	} {
		r := &http.Request{Header: http.Header{}, RequestURI: "/realtime/records/x", RemoteAddr: "192.0.2.1:5"}
		if c.auth != "" {
			r.Header.Set("Authorization", c.auth)
		}
		if c.offer != "" {
			r.Header.Set("Sec-WebSocket-Protocol", c.offer)
		}
		q := Parse(r, nil)
		if q.Token != c.token || q.Protocol != c.protocol || q.Control != c.control {
			t.Errorf("%s: token %q protocol %q control %v", c.name, q.Token, q.Protocol, q.Control)
		}
	}
}

func TestPeer(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		remote, forwarded, proto string
		want                     string
		secure                   bool
	}{
		{"192.0.2.1:1", "", "", "192.0.2.1", false},
		{"192.0.2.1:1", "198.51.100.7", "https", "192.0.2.1", false}, // forged: the peer is no proxy
		{"10.1.1.1:1", "198.51.100.7", "https", "198.51.100.7", true},
		{"10.1.1.1:1", "6.6.6.6, 198.51.100.7", "", "198.51.100.7", false}, // the client wrote 6.6.6.6
		{"10.1.1.1:1", "198.51.100.7, 10.2.2.2", "wss", "198.51.100.7", true},
		{"10.1.1.1:1", "10.3.3.3, 10.2.2.2", "", "10.3.3.3", false},
		{"10.1.1.1:1", "unknown, 10.2.2.2", "", "10.2.2.2", false},
		{"10.1.1.1:1", "198.51.100.7:4711", "http", "198.51.100.7", false},
		{"[fd00::1]:1", "2001:db8::9", "", "2001:db8::9", false},
		{"[::ffff:10.1.1.1]:1", "198.51.100.7", "", "198.51.100.7", false},
	} {
		h := http.Header{}
		if c.forwarded != "" {
			h.Set("X-Forwarded-For", c.forwarded)
		}
		if c.proto != "" {
			h.Set("X-Forwarded-Proto", c.proto)
		}
		got, secure, proxied := peer(c.remote, h, nil, trusted)
		if got.String() != c.want || secure != c.secure || proxied != (c.remote[:3] != "192") {
			t.Errorf("%+v: %v %v %v", c, got, secure, proxied)
		}
	}
	if k := AddrKey(netip.MustParseAddr("2001:db8:1:2:3::4")); k.String() != "2001:db8:1:2::" {
		t.Errorf("key %v", k)
	}
}

func TestBucket(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBucket(10, 3, now)
	for i, want := range []time.Duration{0, 0, 0, 100 * time.Millisecond, 200 * time.Millisecond} {
		if got := b.take(now, 1); got != want {
			t.Errorf("message %d waits %v, want %v", i, got, want)
		}
	}
	if got := b.take(now.Add(time.Hour), 4); got != 100*time.Millisecond {
		t.Errorf("after an hour the burst is %v more than 3", got)
	}
	off := newBucket(0, 0, now)
	if got := off.take(now, 1e9); got != 0 {
		t.Errorf("without a rate: %v", got)
	}
}

func TestLimitsReleaseExactlyOnce(t *testing.T) {
	l := Limits{PerIP: 2, PerUser: 2}
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	one, _, err := l.Acquire(a, 1)
	if err != nil {
		t.Fatal(err)
	}
	two, _, _ := l.Acquire(a, 1)
	if _, key, err := l.Acquire(b, 1); err == nil || key != "rate_limiting.connections_per_user" {
		t.Errorf("third of the user: %q %v", key, err)
	}
	if _, key, err := l.Acquire(a, 2); err == nil || key != "rate_limiting.connections_per_ip" {
		t.Errorf("third of the address: %q %v", key, err)
	}
	one()
	one() // again: nothing
	three, _, err := l.Acquire(a, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Acquire(a, 1); err == nil {
		t.Error("released twice")
	}
	two()
	three()
	if ips, users := l.Counts(); ips != 0 || users != 0 {
		t.Errorf("%d addresses and %d users are left", ips, users)
	}
}
