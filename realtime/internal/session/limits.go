package session

import (
	"fmt"
	"net/netip"
	"sync"
)

// Limits counts open sockets per address and per user.
type Limits struct {
	PerIP   int // 0 = unlimited
	PerUser int // 0 = unlimited

	mu    sync.Mutex
	ips   map[netip.Addr]int // guarded by mu; no zero entries
	users map[int64]int      // guarded by mu; no zero entries
}

// Acquire counts a socket, or says which limit forbids it. Release must be
// called exactly once after a nil error; it is safe to call it again.
func (l *Limits) Acquire(addr netip.Addr, user int64) (release func(), which string, err error) {
	addr = AddrKey(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ips == nil {
		l.ips, l.users = make(map[netip.Addr]int), make(map[int64]int)
	}
	switch {
	case l.PerUser > 0 && l.users[user] >= l.PerUser:
		return nil, "rate_limiting.connections_per_user", fmt.Errorf("per-user connection limit reached (%d)", l.PerUser)
	case l.PerIP > 0 && l.ips[addr] >= l.PerIP:
		return nil, "rate_limiting.connections_per_ip", fmt.Errorf("per-ip connection limit reached (%d)", l.PerIP)
	}
	l.ips[addr]++
	l.users[user]++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		decrement(l.ips, addr)
		decrement(l.users, user)
	}), "", nil
}

// Counts returns how many addresses and users have open sockets.
func (l *Limits) Counts() (ips, users int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ips), len(l.users)
}

func decrement[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] <= 0 {
		delete(m, k)
	}
}
