package api

import (
	"sync"
	"time"
)

// After maxFailures wrong passwords within failureWindow, further logins of
// that user name from that address are refused until the window has passed
// since the last one. Others of the same name are not locked out.
const (
	maxFailures   = 5
	failureWindow = 15 * time.Minute
	maxRemembered = 10_000
)

// throttle counts failed logins.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]failures // guarded by mu
}

type failures struct {
	count int
	last  time.Time
}

// wait returns how long the key is locked.
func (t *throttle) wait(key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.byKey[key]
	if f.count < maxFailures {
		return 0
	}
	return max(0, failureWindow-t.now().Sub(f.last))
}

func (t *throttle) failed(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.byKey == nil {
		t.byKey = make(map[string]failures)
	}
	f := t.byKey[key]
	if now.Sub(f.last) > failureWindow {
		f.count = 0
	}
	if _, known := t.byKey[key]; !known && len(t.byKey) >= maxRemembered {
		t.forget(now)
	}
	t.byKey[key] = failures{f.count + 1, now}
}

func (t *throttle) succeeded(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byKey, key)
}

// forget makes room: everything that no longer counts, and if that is not
// enough, whatever comes first.
func (t *throttle) forget(now time.Time) {
	for key, f := range t.byKey {
		if now.Sub(f.last) > failureWindow {
			delete(t.byKey, key)
		}
	}
	for key := range t.byKey {
		if len(t.byKey) < maxRemembered {
			return
		}
		delete(t.byKey, key)
	}
}
