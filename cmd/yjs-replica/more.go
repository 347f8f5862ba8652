package main

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/civicpress/realtimefx/yjs"
)

// moreOps are the operations of this file.
const moreOps = "aeMmDdFfcCTUusz"

// doMore answers what is about update format V2, about updates without a
// document, and about events and snapshots.
func (h *host) doMore(op byte, p []byte) ([]byte, error) {
	switch op {
	case 'a':
		return nil, h.doc.ApplyUpdateV2(p, "remote")
	case 'e':
		return h.doc.EncodeStateAsUpdateV2(p)
	case 'M':
		return withList(p, yjs.MergeUpdates)
	case 'm':
		return withList(p, yjs.MergeUpdatesV2)
	case 'D':
		return withPair(p, yjs.DiffUpdate)
	case 'd':
		return withPair(p, yjs.DiffUpdateV2)
	case 'F':
		return yjs.StateVectorFromUpdate(p)
	case 'f':
		return yjs.StateVectorFromUpdateV2(p)
	case 'c':
		return yjs.ConvertV1ToV2(p)
	case 'C':
		return yjs.ConvertV2ToV1(p)
	case 'T':
		return meta(p)
	case 'U':
		return taken(&h.events), nil
	case 'u':
		return taken(&h.eventsV2), nil
	case 's':
		return h.doc.Snapshot().Encode(), nil
	case 'z':
		return h.doc.Snapshot().EncodeV2(), nil
	}
	return nil, errUnsupported
}

// watch keeps the update events of the document until they are asked for.
func (h *host) watch() {
	h.events, h.eventsV2 = nil, nil
	h.doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { h.events = append(h.events, u) })
	h.doc.OnUpdateV2(func(u []byte, _ any, _ *yjs.Transaction) { h.eventsV2 = append(h.eventsV2, u) })
}

// taken empties a list of updates and returns it as a payload: u32 count, then
// each with its u32 length.
func taken(list *[][]byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(*list)))
	for _, u := range *list {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(u))), u...)
	}
	*list = nil
	return out
}

// withList calls f with the parts of a payload like that of taken.
func withList(p []byte, f func([][]byte) ([]byte, error)) ([]byte, error) {
	if len(p) < 4 {
		return nil, fmt.Errorf("payload of %d bytes has no count", len(p))
	}
	list, _, err := parts(p[4:], int(binary.BigEndian.Uint32(p)))
	if err != nil {
		return nil, err
	}
	return f(list)
}

// withPair calls f with the first part of a payload and with the rest of it.
func withPair(p []byte, f func(a, b []byte) ([]byte, error)) ([]byte, error) {
	first, rest, err := parts(p, 1)
	if err != nil {
		return nil, err
	}
	return f(first[0], rest)
}

func meta(update []byte) ([]byte, error) {
	from, to, err := yjs.UpdateMeta(update)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"from":%s,"to":%s}`, clocks(from), clocks(to)), nil
}

func clocks(sv yjs.StateVector) []byte {
	out := []byte("{")
	for i, client := range slices.Sorted(maps.Keys(sv)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `"%d":%d`, client, sv[client])
	}
	return append(out, '}')
}
