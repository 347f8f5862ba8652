package room

import "time"

const (
	// tidyEvery is how often rooms are looked at.
	tidyEvery = time.Second
	// cacheLife is how long the encoded document is kept after the last one
	// joined, if encoding it again is worth mentioning, else cacheBrief.
	cacheLife  = 10 * time.Second
	cacheBrief = 2 * time.Second
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
	var untidy []*Room
	for _, r := range m.Rooms() {
		if r.stale(now) || r.tired(now) {
			untidy = append(untidy, r)
		}
	}
	if len(untidy) > 0 && m.tidying.CompareAndSwap(false, true) {
		m.spawn(func() {
			defer m.tidying.Store(false)
			m.tidy(untidy, now)
		})
	}
}

// tidy does it room by room: all at once they would need a goroutine each.
func (m *Manager) tidy(rooms []*Room, now time.Time) {
	for _, r := range rooms {
		_ = r.do(m.base, func() { // a room that has closed is tidy
			if r.stale(now) {
				r.dropCache()
			}
			if r.tired(now) {
				r.sleep()
			}
		})
	}
}

// stale reports, from any goroutine, whether it is time to drop the encoded
// document.
func (r *Room) stale(now time.Time) bool {
	life := cacheLife
	if r.bytes.Load() <= sleepUnit {
		life = cacheBrief
	}
	used := r.cached.Load()
	return used != 0 && now.UnixMilli()-used > life.Milliseconds()
}

func (r *Room) dropCache() {
	r.cached.Store(0)
	r.state = stateCache{sv: r.state.sv}
}
