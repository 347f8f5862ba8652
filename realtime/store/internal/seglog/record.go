package seglog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// A journal record is
//
//	marker (2) | length of the payload (4) | CRC-32C of the payload (4) | payload
//
// all little endian. The payload starts with its kind.
const (
	marker0, marker1 = 0xc1, 0x7e
	recordHeader     = 10
	maxPayload       = 1 << 30

	kindEntry  = 1 // seq, author, time, room, update, [meta]
	kindForget = 2 // seq, room: entries of the room from seq on, before this record, are void
)

// segmentMagic begins each segment; the last byte is the format version.
var segmentMagic = []byte("CPRTJNL\x01")

var errRecord = errors.New("journal record is cut off")

func appendRecord(dst []byte, fill func([]byte) []byte) []byte {
	start := len(dst)
	dst = append(dst, marker0, marker1, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = fill(dst)
	payload := dst[start+recordHeader:]
	binary.LittleEndian.PutUint32(dst[start+2:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(dst[start+6:], codec.CRC(payload))
	return dst
}

func appendEntry(dst []byte, e *store.Entry) []byte {
	return appendRecord(dst, func(b []byte) []byte {
		b = append(b, kindEntry)
		b = binary.AppendUvarint(b, e.Seq)
		b = binary.AppendVarint(b, e.Author)
		b = binary.AppendVarint(b, e.At.UnixMilli())
		b = binary.AppendUvarint(b, uint64(len(e.Room)))
		b = append(b, e.Room...)
		b = binary.AppendUvarint(b, uint64(len(e.Update)))
		b = append(b, e.Update...)
		if e.Meta != nil {
			b = append(b, 1)
			b = codec.AppendMeta(b, *e.Meta)
		}
		return b
	})
}

func appendForget(dst []byte, room string, from uint64) []byte {
	return appendRecord(dst, func(b []byte) []byte {
		b = append(b, kindForget)
		b = binary.AppendUvarint(b, from)
		return append(b, room...)
	})
}

// decodePayload reads a payload. The entry's bytes are its own.
func decodePayload(p []byte) (kind byte, e store.Entry, err error) {
	if len(p) == 0 {
		return 0, e, errRecord
	}
	r := codec.Reader{B: p[1:]}
	e.Seq = r.Uvarint()
	switch p[0] {
	case kindForget:
		e.Room = string(r.B)
	case kindEntry:
		e.Author = r.Varint()
		e.At = time.UnixMilli(r.Varint())
		e.Room = string(r.Bytes())
		e.Update = bytes.Clone(r.Bytes())
		if !r.Bad && len(r.B) > 0 {
			m, err := codec.DecodeMeta(r.B[1:])
			if err != nil {
				return p[0], e, err
			}
			e.Meta = &m
		}
	default:
		return p[0], e, store.ErrTooNew
	}
	if r.Bad {
		return p[0], e, errRecord
	}
	return p[0], e, nil
}

// found is what scan meets.
type found struct {
	off     int64
	payload []byte // nil for a stretch that cannot be used
	junk    []byte // that stretch
}

// scan walks through a segment without its magic. A record whose checksum is
// wrong is junk up to the next intact one.
func scan(b []byte, base int64, visit func(found)) {
	junkFrom := -1
	flush := func(to int) {
		if junkFrom >= 0 {
			visit(found{off: base + int64(junkFrom), junk: b[junkFrom:to]})
			junkFrom = -1
		}
	}
	for i := 0; i < len(b); {
		if p := recordAt(b[i:]); p != nil {
			flush(i)
			visit(found{off: base + int64(i), payload: p})
			i += recordHeader + len(p)
			continue
		}
		if junkFrom < 0 {
			junkFrom = i
		}
		i++
		if n := bytes.Index(b[i:], []byte{marker0, marker1}); n >= 0 {
			i += n
		} else {
			i = len(b)
		}
	}
	flush(len(b))
}

// recordAt returns the payload of the record at the start of b, nil if there is
// no intact one.
func recordAt(b []byte) []byte {
	if len(b) < recordHeader || b[0] != marker0 || b[1] != marker1 {
		return nil
	}
	n := binary.LittleEndian.Uint32(b[2:])
	if n == 0 || n > maxPayload || int64(n) > int64(len(b)-recordHeader) {
		return nil
	}
	p := b[recordHeader : recordHeader+int(n)]
	if codec.CRC(p) != binary.LittleEndian.Uint32(b[6:]) {
		return nil
	}
	return p
}

// torn reports whether b begins with a record that does not end in it.
func torn(b []byte) bool {
	return len(b) < recordHeader || int64(binary.LittleEndian.Uint32(b[2:])) > int64(len(b)-recordHeader)
}
