package yjs

import "fmt"

// MergeUpdates makes one update of several, without any document. They may
// overlap, repeat each other and come in any order; where clocks are missing
// between them the result says so (Skip). The bytes are those of Yjs's
// mergeUpdates. A single update is returned itself, unread.
func MergeUpdates(updates [][]byte) ([]byte, error) {
	if len(updates) == 1 {
		return updates[0], nil
	}
	return mergeUpdates(updates, false, &v1Writer{})
}

// MergeUpdatesV2 is MergeUpdates for format V2.
func MergeUpdatesV2(updates [][]byte) ([]byte, error) {
	if len(updates) == 1 {
		return updates[0], nil
	}
	internal := make([][]byte, len(updates))
	for i, u := range updates {
		var err error
		if internal[i], err = toInternal(u, defaultV2Expansion); err != nil {
			return nil, fmt.Errorf("update %d of %d: %w", i+1, len(updates), err)
		}
	}
	return mergeUpdates(internal, true, &v2Writer{})
}

// mergeInternal merges updates that may hold raw values.
func mergeInternal(updates [][]byte) ([]byte, error) {
	return mergeUpdates(updates, true, &v1Writer{internal: true})
}

// mergeUpdates writes the structs of all updates, higher clients first, then by
// clock.
func mergeUpdates(updates [][]byte, internal bool, w structWriter) ([]byte, error) {
	all := make([]*source, len(updates))
	var live []*source
	for i, u := range updates {
		r, err := newBlockReader(u, internal)
		s := &source{r: r, number: i}
		if err == nil {
			err = s.next()
		}
		if err != nil {
			return nil, s.wrap(err, len(updates))
		}
		if all[i] = s; !s.done {
			live = append(live, s)
		}
	}
	m := merger{w: w}
	for q := newMergeQueue(live); ; {
		s := q.first()
		if s == nil {
			break
		}
		if err := m.take(s); err != nil {
			return nil, s.wrap(err, len(updates))
		}
	}
	if m.holds {
		if err := w.write(&m.held, 0); err != nil {
			return nil, err
		}
	}
	return mergeDeletes(all, w)
}

func mergeDeletes(all []*source, w structWriter) ([]byte, error) {
	var merged deleteSet
	index := map[uint64]int{}
	for _, s := range all {
		err := eachDelete(&s.r.dec, func(client uint64, r deleteRange) {
			i, known := index[client]
			if !known {
				i = len(merged)
				index[client] = i
				merged = append(merged, clientDeletes{client: client})
			}
			merged[i].ranges = append(merged[i].ranges, r)
		})
		if err != nil {
			return nil, s.wrap(err, len(all))
		}
	}
	merged.normalize()
	return w.finish(merged)
}

// A merger holds back the last struct, which the next one may continue.
type merger struct {
	w     structWriter
	held  block
	holds bool
}

// take takes structs from the source that comes first, until another one may
// come first.
func (m *merger) take(s *source) error {
	client := s.cur.id.Client
	if !m.holds {
		m.held, m.holds = s.cur, true
		if err := s.next(); err != nil {
			return err
		}
		return m.follow(s, client)
	}
	skipped := false
	for !s.done && s.cur.end() <= m.held.end() && s.cur.id.Client >= m.held.id.Client {
		if err := s.next(); err != nil {
			return err
		}
		skipped = true
	}
	if s.done || s.cur.id.Client != client || skipped && s.cur.id.Clock > m.held.end() {
		return nil // another source may have what comes next
	}
	switch {
	case client != m.held.id.Client:
		if err := m.replace(s.cur); err != nil {
			return err
		}
		if err := s.next(); err != nil {
			return err
		}
	case m.held.end() < s.cur.id.Clock:
		gap := block{id: ID{client, m.held.end()}, info: kindSkip, len: s.cur.id.Clock - m.held.end()}
		if err := m.replace(gap); err != nil {
			return err
		}
	default:
		rest := s.cur
		rest.slice(m.held.end() - rest.id.Clock)
		if m.held.kind() == kindGC && rest.kind() == kindGC {
			m.held.len += rest.len
			break // the source moves on when it is asked again
		}
		if err := m.replace(rest); err != nil {
			return err
		}
		if err := s.next(); err != nil {
			return err
		}
	}
	return m.follow(s, client)
}

// follow takes what continues the held struct without a gap.
func (m *merger) follow(s *source, client uint64) error {
	for !s.done && s.cur.id.Client == client && s.cur.id.Clock == m.held.end() {
		if err := m.replace(s.cur); err != nil {
			return err
		}
		if err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

// replace writes the held struct and holds b.
func (m *merger) replace(b block) error {
	err := m.w.write(&m.held, 0)
	m.held = b
	return err
}

// A source is one of the updates, with its next struct that is not a Skip.
type source struct {
	r      blockReader
	cur    block
	done   bool
	number int // of the update, from 0
	seq    int // in a heapQueue: of sources with the same next clock, the lowest comes first
}

func (s *source) next() error {
	for {
		more, err := s.r.next(&s.cur)
		if err != nil {
			return err
		}
		if !more || s.cur.kind() != kindSkip {
			s.done = !more
			return nil
		}
	}
}

func (s *source) wrap(err error, of int) error {
	return fmt.Errorf("update %d of %d: %w", s.number+1, of, err)
}
