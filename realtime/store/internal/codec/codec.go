// Package codec holds what the stores' formats have in common: checksums of
// journal entries, hashes of states, and the encoding of meta.
package codec

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/civicpress/realtimefx/realtime/store"
)

// errMeta: bytes are not an encoded meta.
var errMeta = errors.New("meta is cut off")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum is the checksum of a journal entry: CRC-32C over every field, so that
// neither bytes nor numbers can change unseen.
func Sum(e *store.Entry) uint32 {
	var b [binary.MaxVarintLen64 * 5]byte
	h := b[:0]
	h = binary.AppendUvarint(h, e.Seq)
	h = binary.AppendVarint(h, e.Author)
	h = binary.AppendVarint(h, e.At.UnixMilli())
	h = binary.AppendUvarint(h, uint64(len(e.Room)))
	h = binary.AppendUvarint(h, uint64(len(e.Update)))
	sum := crc32.Update(0, castagnoli, h)
	sum = crc32.Update(sum, castagnoli, []byte(e.Room))
	sum = crc32.Update(sum, castagnoli, e.Update)
	if e.Meta != nil {
		sum = crc32.Update(sum, castagnoli, AppendMeta([]byte{1}, *e.Meta))
	}
	return sum
}

// CRC is the plain CRC-32C of b.
func CRC(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// AppendMeta appends an encoded meta: length of the lineage, lineage, aux.
func AppendMeta(dst []byte, m store.Meta) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(m.Lineage)))
	dst = append(dst, m.Lineage...)
	return append(dst, m.Aux...)
}

// DecodeMeta reads what AppendMeta wrote. The result owns its bytes.
func DecodeMeta(b []byte) (store.Meta, error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return store.Meta{}, errMeta
	}
	b = b[w:]
	m := store.Meta{Lineage: string(b[:n])}
	if aux := b[n:]; len(aux) > 0 {
		m.Aux = append([]byte(nil), aux...)
	}
	return m, nil
}

// Hash is the hex SHA-256 over a label of the row and its bytes. The label
// carries the columns that the bytes must not be separated from.
func Hash(label string, b []byte) string {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write([]byte{0})
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// StateLabel is the label of a state for Hash.
func StateLabel(room string, version int64, seq uint64) string {
	return fmt.Sprintf("state %d %d %s", version, seq, room)
}

// MetaLabel is the label of a meta for Hash.
func MetaLabel(room string, seq uint64) string {
	return fmt.Sprintf("meta %d %s", seq, room)
}
