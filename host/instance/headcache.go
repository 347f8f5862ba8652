package instance

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
)

const (
	// maxHeads bounds the cache: about as many records as are open at a time. Each
	// is a dozen small objects that stay where they were made, among what a crowd
	// leaves as garbage.
	maxHeads = 128
	// calmHeads is how many may stay when nobody has asked for headsRest: after a
	// crowd there are more, and each keeps from being given back what lies around it.
	// headsRest is shorter than the time after which the program gives back memory.
	calmHeads = 32
	headsRest = 200 * time.Millisecond
)

// headCache remembers parsed front matter by its text, since reading YAML costs
// a millisecond and everybody who joins a room asks for the record. An entry
// counts only for the very same text, so it is never stale.
type headCache struct {
	mu    sync.Mutex
	heads map[string]head // guarded by mu; by the file's path
	rest  *time.Timer     // guarded by mu; lets go of them; nil before there is a crowd
}

type head struct {
	yaml   string
	record host.Record // without a body
}

// parseRecord is the function of that name, with memory.
func (c *headCache) parseRecord(path, src string) (host.Record, error) {
	d, ok := splitDocument(src)
	if !ok {
		return host.Record{}, errNoFrontMatter
	}
	c.mu.Lock()
	h, known := c.heads[path]
	c.crowdLocked()
	c.mu.Unlock()
	if !known || h.yaml != d.yaml {
		var err error
		if h.record, err = parseHead(d.yaml); err != nil {
			return host.Record{}, err
		}
		h.yaml = strings.Clone(d.yaml) // not the whole file
		c.store(path, h)
	}
	r := h.record
	for _, b := range []*[]byte{(*[]byte)(&r.Metadata), (*[]byte)(&r.Geography), (*[]byte)(&r.AttachedFiles),
		(*[]byte)(&r.LinkedRecords), (*[]byte)(&r.LinkedGeographyFiles)} {
		*b = slices.Clone(*b)
	}
	r.Body = d.body
	return r, nil
}

func (c *headCache) store(path string, h head) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heads == nil {
		c.heads = make(map[string]head)
	}
	for other := range c.heads {
		if len(c.heads) < maxHeads {
			break
		}
		delete(c.heads, other)
	}
	c.heads[path] = h
	c.crowdLocked()
}

// crowdLocked puts off the time at which a crowd is over.
func (c *headCache) crowdLocked() {
	switch {
	case len(c.heads) <= calmHeads:
	case c.rest == nil:
		c.rest = time.AfterFunc(headsRest, c.forget)
	default:
		c.rest.Reset(headsRest)
	}
}

func (c *headCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heads) > calmHeads {
		c.heads = nil
	}
}
