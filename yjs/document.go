package yjs

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
)

// Options configure a Doc. The zero value is what Yjs does by default, but
// for CleanFormatting.
type Options struct {
	// ClientID is the id under which local writes are made; 0 means a random
	// one of 32 bits, as Yjs takes.
	ClientID uint64
	// GUID names the document; empty means a random one. It is not part of
	// updates.
	GUID string
	// DisableGC keeps the content of what was deleted, so that snapshots can
	// show it. A document that others collect from must not mix both.
	DisableGC bool
	// CleanFormatting deletes marks that remote changes have made redundant,
	// as Yjs does in an editor, and emits that as a transaction of its own.
	// A server need not: every editor does it, and doing it here too costs
	// an update for each of theirs. Default off: integrate only.
	CleanFormatting bool
	// Limits bound what an update may do; zero fields are defaults.
	Limits Limits
}

// Limits bound the work and memory of one update. An update beyond one of
// them is refused with a LimitError and leaves the document as it was.
type Limits struct {
	// UpdateBytes is the size of one update. Default 64 MiB.
	UpdateBytes int
	// PendingBytes is the size of what waits for missing updates, this
	// update included. Default 16 MiB.
	PendingBytes int
	// V2Expansion is how many bytes an update in format V2 may take in format V1
	// for each of its own and of 2048 more, and how many sixteenths of a struct:
	// run lengths say a lot in few bytes. Default 16, which is above what editing
	// makes. Functions without a Doc use the default.
	V2Expansion int
}

func (l Limits) withDefaults() Limits {
	if l.UpdateBytes <= 0 {
		l.UpdateBytes = 64 << 20
	}
	if l.PendingBytes <= 0 {
		l.PendingBytes = 16 << 20
	}
	if l.V2Expansion <= 0 {
		l.V2Expansion = defaultV2Expansion
	}
	return l
}

// A Doc is one document. See the package documentation for who may use it
// when.
type Doc struct {
	clientID   uint64
	guid       string
	keepGC     bool // never collect
	clean      bool
	limits     Limits
	clients    []*client // by index; 0 is nil
	clientIdx  map[uint64]uint32
	lastClient *client  // found last
	keys       []string // by index; 0 is none
	keyIdx     map[string]uint32
	roots      map[string]*branch
	rootList   []*branch       // in the order in which they came up
	marks      map[string]*aux // of kindFormat, by key and value
	slabs      slabs
	arena      arena
	tomb       item   // holds branches that have been collected
	scan       uint32 // number of the last conflict scan, see conflict.go
	orders     orders // of long lists, within a transaction
	longScan   int    // see the constant
	scanPasses int    // see the constant
	work       int    // items that conflict resolution has passed, for tests
	textBytes  int    // about how much text and values the document holds
	items      int    // about how many structs
	subdocs    map[*Subdoc]struct{}

	// What waits for updates that have not come yet: an update with structs
	// only, what it needs, and deletes.
	pending     []byte
	late        [][]byte // structs that are not in pending yet
	lateBytes   int
	missing     missingClocks
	pendingDS   deleteSet
	pendingLows []uint64 // lowest clock of each client in pendingDS
	ready       bool     // some of what is missing is there

	tx        *Transaction   // open now
	queue     []*Transaction // ended, but not cleaned up; the first is being cleaned up
	spare     *Transaction   // to use again
	lastTx    uint64
	raw       bool // holds raw values, see block.data
	observing bool // an observer was ever added to a type
	apply     applier
	events    docEvents
}

// NewDoc returns an empty document.
func NewDoc(o Options) *Doc {
	d := &Doc{
		clientID:  o.ClientID,
		guid:      o.GUID,
		keepGC:    o.DisableGC,
		clean:     o.CleanFormatting,
		limits:    o.Limits.withDefaults(),
		clients:   make([]*client, 1, 4),
		clientIdx: make(map[uint64]uint32),
		keys:      make([]string, 1, 4),
		keyIdx:    make(map[string]uint32),
		roots:     make(map[string]*branch),
	}
	d.tomb.deleted, d.longScan, d.scanPasses = true, longScan, scanPasses
	if d.clientID == 0 {
		d.clientID = randomClientID()
	}
	if d.guid == "" {
		d.guid = randomGUID()
	}
	return d
}

func randomClientID() uint64 {
	var b [4]byte
	for {
		rand.Read(b[:])
		if id := binary.LittleEndian.Uint32(b[:]); id != 0 {
			return uint64(id)
		}
	}
}

func randomGUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// ClientID is the id of local writes. It changes if an update comes in that
// was made under the same id.
func (d *Doc) ClientID() uint64 { return d.clientID }

// SetClientID sets the id of local writes to come.
func (d *Doc) SetClientID(id uint64) { d.clientID = id }

// GUID is the name of the document.
func (d *Doc) GUID() string { return d.guid }

// StateVector returns what the document holds of each client.
func (d *Doc) StateVector() StateVector {
	sv := make(StateVector, len(d.clients)-1)
	for _, c := range d.clients[1:] {
		if c.state > 0 {
			sv[c.id] = uint64(c.state)
		}
	}
	return sv
}

// EncodeStateVector returns the state vector in its binary form.
func (d *Doc) EncodeStateVector() []byte { return d.StateVector().Encode() }

// HasPending tells whether updates wait for others that they build on.
func (d *Doc) HasPending() bool { return d.pending != nil || d.pendingDS != nil }

// Roots returns the names of the root types in the order in which they came
// up, whether by an update or by asking for them.
func (d *Doc) Roots() []string {
	names := make([]string, len(d.rootList))
	for i, b := range d.rootList {
		names[i] = b.name
	}
	return names
}

// clientOf returns the client with the id, making it if need be.
func (d *Doc) clientOf(id uint64) *client {
	if c := d.known(id); c != nil {
		return c
	}
	c := &client{id: id, idx: uint32(len(d.clients))}
	d.clients = append(d.clients, c)
	d.clientIdx[id] = c.idx
	d.lastClient = c
	return c
}

// known returns the client with the id, or nil.
func (d *Doc) known(id uint64) *client {
	if c := d.lastClient; c != nil && c.id == id {
		return c
	}
	if i, ok := d.clientIdx[id]; ok {
		d.lastClient = d.clients[i]
		return d.lastClient
	}
	return nil
}

// state is the next clock of a client.
func (d *Doc) state(id uint64) uint64 {
	if c := d.known(id); c != nil {
		return uint64(c.state)
	}
	return 0
}

// keyOf returns the index of a key, making one if need be.
func (d *Doc) keyOf(key []byte) uint32 {
	if i, ok := d.keyIdx[string(key)]; ok {
		return i
	}
	s := string(key)
	d.keys = append(d.keys, s)
	i := uint32(len(d.keys) - 1)
	d.keyIdx[s] = i
	return i
}

// root returns a root type, making it if need be.
func (d *Doc) root(name []byte) *branch {
	if b, ok := d.roots[string(name)]; ok {
		return b
	}
	b := &branch{doc: d, name: string(name), kind: typeUnknown}
	d.roots[b.name] = b
	d.rootList = append(d.rootList, b)
	return b
}

// mark returns the shared content of a mark. The table is bounded, because
// links can have any value.
func (d *Doc) mark(key, value []byte) *aux {
	const most = 1024
	var room [96]byte
	id := append(append(append(room[:0], key...), 0), value...)
	if a, ok := d.marks[string(id)]; ok {
		return a
	}
	a := &aux{key: string(key), value: string(value)}
	if len(d.marks) < most && len(id) <= 256 {
		if d.marks == nil {
			d.marks = make(map[string]*aux)
		}
		d.marks[string(id)] = a
	}
	return a
}

// cleanStart returns the struct that begins at clock, cutting one if need be.
// The clock must be less than c.state.
func (tx *Transaction) cleanStart(c *client, clock uint32) *item {
	p := c.find(clock)
	it := c.at(p)
	if it.clock < clock && !it.isGC() {
		return tx.split(c, p, clock-it.clock)
	}
	return it
}

// cleanEnd returns the struct that ends with clock, cutting one if need be.
func (tx *Transaction) cleanEnd(c *client, clock uint32) *item {
	p := c.find(clock)
	it := c.at(p)
	if it.lastClock() != clock && !it.isGC() {
		tx.split(c, p, clock-it.clock+1)
	}
	return it
}

// split cuts the item at p after n clocks and returns the right part.
func (tx *Transaction) split(c *client, p pos, n uint32) *item {
	d := tx.doc
	left := c.at(p)
	right := d.slabs.get()
	*right = item{
		left: left, right: left.right, parent: left.parent,
		clock: left.clock + n, len: left.len - n,
		client: left.client, oclient: left.client, oclock: left.clock + n - 1,
		rclient: left.rclient, rclock: left.rclock,
		sub: left.sub, kind: left.kind, deleted: left.deleted,
	}
	right.data = left.splitData(n)
	right.aux = left.splitAux(n)
	left.len = n
	left.right = right
	if right.right != nil {
		right.right.left = right
	} else if right.sub != 0 {
		right.parent.attrs.set(right.sub, right)
	}
	d.items++
	tx.merge = append(tx.merge, structID{right.client, right.clock})
	c.insertAfter(p, right)
	if d.orders != nil {
		d.orders.inserted(right)
	}
	return right
}
