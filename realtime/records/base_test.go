package records

import (
	"bytes"
	"errors"
	"testing"
)

func TestBaseRoundTrip(t *testing.T) {
	for _, b := range []base{
		{},
		{written: digestOf("a"), source: []byte("src"), published: "text"},
		{written: digestOf("a"), source: []byte("src"), state: digestOf("s")},
		{written: digestOf("a"), state: digestOf("s"), pending: &pending{written: digestOf("b"), source: []byte("src2")}},
	} {
		got, err := decodeBase(b.encode())
		if err != nil {
			t.Fatal(err)
		}
		if got.written != b.written || !bytes.Equal(got.source, b.source) || got.published != b.published || got.state != b.state || (got.pending == nil) != (b.pending == nil) {
			t.Errorf("%+v became %+v", b, got)
		}
		if b.pending != nil && (got.pending.written != b.pending.written || !bytes.Equal(got.pending.source, b.pending.source)) {
			t.Errorf("%+v became %+v", b.pending, got.pending)
		}
	}
	if _, err := decodeBase(nil); !errors.Is(err, errNoBase) {
		t.Errorf("no aux: %v", err)
	}
}

func FuzzDecodeBase(f *testing.F) {
	b := base{written: digestOf("a"), source: []byte("src"), published: "text", pending: &pending{source: []byte("x")}}
	f.Add(b.encode())
	f.Fuzz(func(t *testing.T, aux []byte) {
		b, err := decodeBase(aux)
		if err != nil {
			return
		}
		if again, err := decodeBase(b.encode()); err != nil || again.written != b.written || !bytes.Equal(again.source, b.source) {
			t.Errorf("%+v became %+v, %v", b, again, err)
		}
	})
}
