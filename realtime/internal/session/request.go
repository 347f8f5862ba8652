package session

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Subprotocol is what clients offer to get JSON control frames.
const Subprotocol = "civicpress.realtime.v1"

// Request is what an upgrade request asks for.
type Request struct {
	RoomType string // "" if the URL names no room
	RoomID   string // within its type
	Token    string // "" if there is none
	Protocol string // the subprotocol to answer with
	Control  bool   // the client takes JSON control frames
	V1       bool   // … and those that only the subprotocol brings
	Addr     netip.Addr
	Proxied  bool // a trusted proxy brings it
	Secure   bool // came over TLS, as far as a trusted proxy can tell
}

// Parse reads an upgrade request. It never fails: what is missing is for the
// admission to answer after the upgrade, because a browser cannot read an HTTP
// error.
func Parse(r *http.Request, trusted []netip.Prefix) Request {
	var q Request
	q.RoomType, q.RoomID = parseRoom(r.RequestURI)
	offered := subprotocols(r.Header)
	q.Protocol = answer(offered)
	q.V1 = q.Protocol == Subprotocol

	fromHeader := false
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		q.Token, fromHeader = t, true
	} else {
		q.Token = protocolToken(offered)
	}
	// Who can set a header is no browser with a stock provider, and reads
	// text frames.
	q.Control = q.V1 || fromHeader
	q.Addr, q.Secure, q.Proxied = peer(r.RemoteAddr, r.Header, r.TLS, trusted)
	return q
}

// HasPrefix reports whether the raw request URI belongs to the plugin's path;
// everything else is refused before the upgrade.
func HasPrefix(requestURI, path string) bool { return strings.HasPrefix(requestURI, path) }

// parseRoom finds room type and id in a request target as existing clients
// write it: dot segments are resolved, empty ones dropped, percent escapes left
// alone, and everything behind the id is ignored.
func parseRoom(target string) (roomType, id string) {
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	if strings.Contains(target, "://") { // absolute form, as proxies send it
		if u, err := url.Parse(target); err == nil {
			target = u.EscapedPath()
		}
	}
	target = strings.ReplaceAll(target, `\`, "/") // as URL parsers of browsers do
	var parts []string
	for part := range strings.SplitSeq(target, "/") {
		switch strings.ReplaceAll(strings.ToLower(part), "%2e", ".") {
		case "", ".":
		case "..":
			if len(parts) > 0 {
				parts = parts[:len(parts)-1]
			}
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) < 3 || parts[0] != "realtime" || len(parts[1]) > maxName || len(parts[2]) > maxName {
		return "", ""
	}
	switch roomType = parts[1]; roomType {
	case "record":
		roomType = "records"
	case "devices":
		roomType = "device"
	}
	return roomType, parts[2]
}

// maxName bounds room types and ids; record ids are at most 200 bytes.
const maxName = 255

// subprotocols returns the offered subprotocols in order.
func subprotocols(h http.Header) []string {
	var offered []string
	for _, line := range h.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(line, ",") {
			if p = strings.TrimSpace(p); p != "" {
				offered = append(offered, p)
			}
		}
	}
	return offered
}

// answer picks the subprotocol of the response. A browser that offered some
// fails the connection unless one of them comes back. Ours is preferred because
// it is no secret; else the first, as CivicPress always answered.
func answer(offered []string) string {
	for _, p := range offered {
		if p == Subprotocol {
			return p
		}
	}
	if len(offered) > 0 {
		return offered[0]
	}
	return ""
}

// protocolToken finds the session token among the subprotocols: the first that
// starts with "auth.", or that is long enough to be one itself.
func protocolToken(offered []string) string {
	for _, p := range offered {
		if t, ok := strings.CutPrefix(p, "auth."); ok {
			return t
		}
		if len(p) > 20 && p != Subprotocol && !strings.ContainsAny(p, "/ ") {
			return p
		}
	}
	return ""
}

// peer returns the client's address, whether it came over TLS, and whether
// through a trusted proxy. Forwarding headers count only when the peer is a trusted proxy, and then only up to the
// last address that no trusted proxy wrote.
func peer(remote string, h http.Header, state *tls.ConnectionState, trusted []netip.Prefix) (addr netip.Addr, secure, proxied bool) {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, state != nil, false
	}
	addr, secure = ap.Addr().Unmap(), state != nil
	if !isTrusted(addr, trusted) {
		return addr, secure, false
	}
	if proto := lastOf(h.Values("X-Forwarded-Proto")); proto != "" {
		secure = strings.EqualFold(proto, "https") || strings.EqualFold(proto, "wss")
	}
	hops := strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break // not an address: nothing before it can be believed
		}
		addr = hop
		if !isTrusted(hop, trusted) {
			break
		}
	}
	return addr, secure, true
}

func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	v := values[len(values)-1]
	return strings.TrimSpace(v[strings.LastIndexByte(v, ',')+1:])
}

// AddrKey is what limits count by: an IPv4 address, or the /64 of an IPv6 one,
// which is what a single household or office gets.
func AddrKey(a netip.Addr) netip.Addr {
	if a.Is6() && !a.Is4In6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
