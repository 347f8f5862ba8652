package codec_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

func TestSumCoversEveryField(t *testing.T) {
	base := store.Entry{Room: "records:a", Seq: 7, Update: []byte("update"), Author: 3, At: time.UnixMilli(1000), Meta: &store.Meta{Lineage: "L", Aux: []byte("x")}}
	sum := codec.Sum(&base)
	for name, change := range map[string]func(*store.Entry){
		"room":    func(e *store.Entry) { e.Room = "records:b" },
		"seq":     func(e *store.Entry) { e.Seq++ },
		"update":  func(e *store.Entry) { e.Update = []byte("updatf") },
		"author":  func(e *store.Entry) { e.Author = 0 },
		"at":      func(e *store.Entry) { e.At = time.UnixMilli(1001) },
		"no meta": func(e *store.Entry) { e.Meta = nil },
		"lineage": func(e *store.Entry) { e.Meta = &store.Meta{Lineage: "M", Aux: []byte("x")} },
		"aux":     func(e *store.Entry) { e.Meta = &store.Meta{Lineage: "L", Aux: []byte("y")} },
	} {
		e := base
		change(&e)
		if codec.Sum(&e) == sum {
			t.Errorf("the sum does not cover %s", name)
		}
	}
}

func TestMetaRoundTrip(t *testing.T) {
	for _, m := range []store.Meta{{}, {Lineage: "abc"}, {Aux: []byte{0, 1}}, {Lineage: "é", Aux: bytes.Repeat([]byte("z"), 500)}} {
		got, err := codec.DecodeMeta(codec.AppendMeta(nil, m))
		if err != nil || got.Lineage != m.Lineage || !bytes.Equal(got.Aux, m.Aux) {
			t.Errorf("%+v became %+v, %v", m, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(codec.AppendMeta(nil, store.Meta{Lineage: "abc", Aux: []byte("x")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := codec.DecodeMeta(b); err == nil {
			if again, err := codec.DecodeMeta(codec.AppendMeta(nil, m)); err != nil || again.Lineage != m.Lineage || !bytes.Equal(again.Aux, m.Aux) {
				t.Errorf("%+v became %+v, %v", m, again, err)
			}
		}
	})
}
