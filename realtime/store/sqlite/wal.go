package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

// SQLite replays its write-ahead log up to the first frame whose checksum is
// wrong and forgets the rest without a word: that is right for what a power
// failure tore, and silent loss for a flipped bit. So we look before it does.
//
// Format: https://www.sqlite.org/fileformat2.html#walformat
const (
	walHeader   = 32
	frameHeader = 24
	walMagic    = 0x377f0682 // the last bit says which byte order the checksums have
)

// walDamage looks at a write-ahead log and says what is wrong with it, "" if
// nothing is. Frames left over from before the last checkpoint carry other
// salts and end the log.
func walDamage(b []byte) string {
	if len(b) < walHeader {
		return ""
	}
	be := binary.BigEndian
	magic, size := be.Uint32(b), int(be.Uint32(b[8:]))
	if magic&^1 != walMagic || size < 512 || size > 65536 {
		if len(bytes.Trim(b[:walHeader], "\x00")) == 0 {
			return ""
		}
		return "its header cannot be read"
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if magic&1 == 1 {
		order = be
	}
	s0, s1 := walSum(order, 0, 0, b[:24])
	if s0 != be.Uint32(b[24:]) || s1 != be.Uint32(b[28:]) {
		return "its header has a wrong checksum"
	}
	salts := b[16:24]
	total := (len(b) - walHeader) / (frameHeader + size)
	at := func(i int) []byte {
		off := walHeader + i*(frameHeader+size)
		return b[off : off+frameHeader+size]
	}
	for i := range total {
		f := at(i)
		if bytes.Equal(f[8:16], salts) {
			t0, t1 := walSum(order, s0, s1, f[:8])
			t0, t1 = walSum(order, t0, t1, f[frameHeader:])
			if t0 == be.Uint32(f[16:]) && t1 == be.Uint32(f[20:]) {
				s0, s1 = t0, t1
				continue
			}
			return fmt.Sprintf("frame %d of %d has a wrong checksum", i+1, total)
		}
		for j := i + 1; j < total; j++ {
			if bytes.Equal(at(j)[8:16], salts) {
				return fmt.Sprintf("frame %d of %d does not belong to it", i+1, total)
			}
		}
		return ""
	}
	return ""
}

// walSum is SQLite's running checksum over pairs of 32-bit words.
func walSum(order binary.ByteOrder, s0, s1 uint32, b []byte) (uint32, uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s0 += order.Uint32(b) + s1
		s1 += order.Uint32(b[4:]) + s0
	}
	return s0, s1
}

// keepDamagedLog copies the journal's write-ahead log if a part of it will not
// be replayed. It returns the reason and the copy's name, both "" if the log
// is whole.
func (s *files) keepDamagedLog() (reason, kept string, err error) {
	b, err := os.ReadFile(s.opts.Journal + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	if reason = walDamage(b); reason == "" {
		return "", "", nil
	}
	kept = fmt.Sprintf("%s-log.damaged-%s", s.opts.Journal, time.Now().UTC().Format("20060102T150405.000"))
	if err := os.WriteFile(kept, b, 0o600); err != nil {
		return "", "", fmt.Errorf("keep damaged log: %w", err)
	}
	s.log.Error("the journal's write-ahead log is damaged; edits behind the damage may be missing, and the log was copied",
		"log", s.opts.Journal+"-wal", "reason", reason, "kept_as", kept)
	return reason, kept, nil
}

// noteDamagedLog records it where Aside finds it.
func (f *file) noteDamagedLog(ctx context.Context, reason, kept string) error {
	_, err := f.write.ExecContext(ctx, `INSERT INTO realtime_damaged (room_id, what, reason, found_at) VALUES ('', ?, ?, ?)`,
		"write-ahead log of the journal", reason+"; it was kept as "+kept, time.Now().UnixMilli())
	return err
}
