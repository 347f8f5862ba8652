package yjs

import "github.com/civicpress/realtimefx/yjs/lib0"

// ConvertV1ToV2 returns an update in format V2, with the bytes that Yjs's
// convertUpdateFormatV1ToV2 returns.
func ConvertV1ToV2(update []byte) ([]byte, error) { return convert(update, false, &v2Writer{}) }

// ConvertV2ToV1 returns an update in format V1, with the bytes that Yjs's
// convertUpdateFormatV2ToV1 returns. Like that it fails for an embed or a mark
// whose value is undefined or holds a BigInt: format V1 keeps those as JSON.
func ConvertV2ToV1(update []byte) ([]byte, error) {
	internal, err := toInternal(update, defaultV2Expansion)
	if err != nil {
		return nil, err
	}
	return convert(internal, true, &v1Writer{})
}

// internalToV2 writes what a document has written, which may hold raw values, in
// format V2. A document knows of every item whether it belongs to a key, even
// where that is not written because it follows from the origin, and says so in the
// info byte; who only reads updates does not.
func internalToV2(update []byte) ([]byte, error) {
	r, err := newBlockReader(update, true)
	if err != nil {
		return nil, err
	}
	w := &v2Writer{}
	var b block
	for {
		more, err := r.nextGroup()
		if err != nil {
			return nil, err
		}
		if !more {
			return finishWith(w, &r.dec)
		}
		w.open(r.client, r.clock)
		for r.structs > 0 {
			var sub byte
			if rest := r.dec.Rest(); len(rest) > 0 {
				sub = rest[0] & infoSub
			}
			if _, err := r.next(&b); err != nil {
				return nil, err
			}
			if b.kind() != kindGC && b.kind() != kindSkip {
				b.info |= sub
			}
			if err := w.write(&b, 0); err != nil {
				return nil, err
			}
		}
	}
}

func convert(update []byte, internal bool, w structWriter) ([]byte, error) {
	r, err := newBlockReader(update, internal)
	if err != nil {
		return nil, err
	}
	var b block
	for {
		more, err := r.next(&b)
		if err != nil {
			return nil, err
		}
		if !more {
			return finishWith(w, &r.dec)
		}
		if err := w.write(&b, 0); err != nil {
			return nil, err
		}
	}
}

// finishWith reads the delete set that follows the structs and ends the update
// with it.
func finishWith(w structWriter, d *lib0.Decoder) ([]byte, error) {
	ds, err := readDeleteSet(d)
	if err != nil {
		return nil, err
	}
	ds.sortClients()
	return w.finish(ds)
}
