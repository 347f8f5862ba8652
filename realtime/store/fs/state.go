package fs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"crypto/sha256"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
)

// A state file is
//
//	magic, with the format version as its last byte | version, seq, time (varints) |
//	length of the room id | room id | packed state | SHA-256 of all before
//
// and a meta file the same with "CPRTMTA" and a zstd frame of an encoded meta; its
// seq is that of the entry the meta is as of.
var (
	stateMagic = []byte("CPRTSTA\x01")
	metaMagic  = []byte("CPRTMTA\x01")
)

var (
	errHash  = errors.New("its hash is wrong")
	errShort = errors.New("it is cut off")
)

// header is what both kinds of file begin with.
type header struct {
	version int64
	seq     uint64
	at      time.Time
	room    string
}

func seal(magic []byte, h header, body []byte) []byte {
	b := make([]byte, 0, len(magic)+len(h.room)+len(body)+80)
	b = append(b, magic...)
	b = binary.AppendVarint(b, h.version)
	b = binary.AppendUvarint(b, h.seq)
	b = binary.AppendVarint(b, h.at.UnixMilli())
	b = binary.AppendUvarint(b, uint64(len(h.room)))
	b = append(b, h.room...)
	b = append(b, body...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

func unseal(magic, b []byte) (h header, body []byte, err error) {
	if len(b) < len(magic)+sha256.Size {
		return h, nil, errShort
	}
	rest, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if got := sha256.Sum256(rest); !bytes.Equal(got[:], sum) {
		return h, nil, errHash
	}
	if !bytes.Equal(rest[:len(magic)], magic) {
		return h, nil, store.ErrTooNew // intact, and not ours
	}
	r := codec.Reader{B: rest[len(magic):]}
	h.version = r.Varint()
	h.seq = r.Uvarint()
	h.at = time.UnixMilli(r.Varint())
	h.room = string(r.Bytes())
	if r.Bad {
		return h, nil, errShort
	}
	return h, r.B, nil
}

// stateName is a state's file name without its ending.
type stateName struct {
	version int64
	seq     uint64
}

func (n stateName) String() string { return fmt.Sprintf("%d-%d", n.version, n.seq) }

func (n stateName) title() string {
	if n.version == 0 {
		return "seed"
	}
	return fmt.Sprintf("snapshot %d", n.version)
}

// list returns the names of a room's states, newest first. ErrNoRoom if there
// are none.
func (s *Store) list(room string) ([]stateName, error) {
	files, err := s.os.ReadDir("list room", s.roomDir(room))
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, store.ErrNoRoom
	}
	if err != nil {
		return nil, err
	}
	var names []stateName
	for _, f := range files {
		var n stateName
		base, ok := strings.CutSuffix(f.Name(), ".state")
		if _, err := fmt.Sscanf(base, "%d-%d", &n.version, &n.seq); ok && err == nil && n.String() == base {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return nil, store.ErrNoRoom
	}
	slices.SortFunc(names, func(a, b stateName) int { return int(b.version - a.version) })
	return names, nil
}

// readState reads one state. damage is why it cannot be used.
func (s *Store) readState(room string, n stateName) (snap *store.Snapshot, damage, err error) {
	b, err := s.os.ReadFile("read state", s.statePath(room, n))
	if err != nil {
		return nil, nil, err
	}
	h, body, damage := unseal(stateMagic, b)
	if errors.Is(damage, store.ErrTooNew) {
		return nil, nil, damage
	}
	if damage == nil && (h.room != room || h.version != n.version || h.seq != n.seq) {
		damage = errors.New("it is another state than its name says")
	}
	if damage != nil {
		return nil, damage, nil
	}
	state, vector, damage := codec.UnpackState(body)
	if damage != nil {
		return nil, damage, nil
	}
	return &store.Snapshot{Room: room, State: state, Vector: vector, Seq: h.seq, Version: h.version, CreatedAt: h.at}, nil, nil
}

// readMeta reads the meta beside a state.
func (s *Store) readMeta(room string, n stateName) (meta store.Meta, seq uint64, damage, err error) {
	b, err := s.os.ReadFile("read meta", s.metaPath(room, n))
	if errors.Is(err, iofs.ErrNotExist) {
		return meta, 0, errors.New("its meta is missing"), nil
	}
	if err != nil {
		return meta, 0, nil, err
	}
	h, body, damage := unseal(metaMagic, b)
	if errors.Is(damage, store.ErrTooNew) {
		return meta, 0, nil, damage
	}
	if damage == nil {
		var raw []byte
		if raw, damage = pack.Unpack(body); damage == nil {
			meta, damage = codec.DecodeMeta(raw)
		}
	}
	return meta, h.seq, damage, nil
}

// writeState writes meta and then the state: the state's name is what makes
// both count.
func (s *Store) writeState(snap *store.Snapshot, meta store.Meta) error {
	n := stateName{snap.Version, snap.Seq}
	if err := s.writeMeta(snap.Room, n, snap.Seq, meta); err != nil {
		return err
	}
	h := header{snap.Version, snap.Seq, snap.CreatedAt, snap.Room}
	return disk.Replace(s.os, "state", s.statePath(snap.Room, n), seal(stateMagic, h, codec.PackState(snap.State, snap.Vector)))
}

func (s *Store) writeMeta(room string, n stateName, seq uint64, meta store.Meta) error {
	h := header{n.version, seq, time.Now(), room}
	return disk.Replace(s.os, "meta", s.metaPath(room, n), seal(metaMagic, h, pack.Pack(codec.AppendMeta(nil, meta))))
}

func (s *Store) roomDir(room string) string {
	return filepath.Join(s.opts.Dir, "snapshots", disk.Escape(room))
}

func (s *Store) statePath(room string, n stateName) string {
	return filepath.Join(s.roomDir(room), n.String()+".state")
}

func (s *Store) metaPath(room string, n stateName) string {
	return filepath.Join(s.roomDir(room), n.String()+".meta")
}
