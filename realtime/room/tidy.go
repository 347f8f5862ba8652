package room

import "time"

const (
	// tidyEvery is how often rooms are looked at.
	tidyEvery = 5 * time.Second
	// cacheLife is how long the encoded document is kept after the last one
	// joined.
	cacheLife = 10 * time.Second
)

// Tidy lets go of what rooms keep for people who may still come, and now and
// then of the rooms of deleted records. The server's ticker calls it; it does
// nothing most of the time.
func (m *Manager) Tidy(now time.Time) {
	m.mu.Lock()
	due, look := now.Sub(m.tidied) >= tidyEvery, now.Sub(m.looked) >= lookForDeleted
	if due {
		m.tidied = now
	}
	if look {
		m.looked = now
	}
	m.mu.Unlock()
	if look {
		m.spawn(func() { m.retireGone(m.base, now) })
	}
	if !due {
		return
	}
	for _, r := range m.Rooms() {
		if used := r.cached.Load(); used != 0 && now.UnixMilli()-used > cacheLife.Milliseconds() {
			r.call(r.dropCache)
		}
		if r.tired(now) {
			r.call(r.sleep)
		}
	}
}

func (r *Room) dropCache() {
	r.cached.Store(0)
	r.state = stateCache{sv: r.state.sv}
}
