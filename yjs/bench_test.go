package yjs

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// keystrokes are the updates of a text being written: the editing trace of
// crdt-benchmarks B4 if it is there, otherwise a trace made up to resemble it.
var keystrokes = sync.OnceValue(func() [][]byte {
	var trace [][3]any
	if b, err := os.ReadFile("../../shared/corpus/b4-editing-trace.json"); err == nil {
		if json.Unmarshal(b, &trace) != nil {
			trace = nil
		}
	}
	if trace == nil {
		r := rand.New(rand.NewPCG(1, 2))
		at, n := 0, 0
		for range 60000 {
			switch k := r.IntN(100); {
			case k < 3 && n > 0:
				at = r.IntN(n)
			case k < 15 && at > 0:
				at--
				n--
				trace = append(trace, [3]any{float64(at), 1.0, ""})
				continue
			}
			trace = append(trace, [3]any{float64(at), 0.0, string(rune('a' + r.IntN(26)))})
			at++
			n++
		}
	}
	var out [][]byte
	d := NewDoc(Options{ClientID: 4242})
	d.OnUpdate(func(u []byte, _ any, _ *Transaction) { out = append(out, u) })
	text := d.Text("text")
	for _, step := range trace {
		at, del := int(step[0].(float64)), int(step[1].(float64))
		ins, _ := step[2].(string)
		err := d.Transact(nil, func(tx *Transaction) error {
			if del > 0 {
				if err := text.Delete(tx, at, del); err != nil {
					return err
				}
			}
			return text.Insert(tx, at, ins, nil)
		})
		if err != nil {
			panic(err)
		}
	}
	return out
})

func loaded(b *testing.B, us [][]byte) *Doc {
	b.Helper()
	d := NewDoc(Options{})
	for _, u := range us {
		if err := d.ApplyUpdate(u, nil); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

func BenchmarkB4Apply(b *testing.B) {
	us := keystrokes()
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		loaded(b, us)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(us)), "ns/update")
}

// scattered is a document of n items: single characters at random places.
var scattered = sync.OnceValue(func() []byte {
	d := NewDoc(Options{ClientID: 77})
	r := rand.New(rand.NewPCG(3, 4))
	text := d.Text("text")
	d.Transact(nil, func(tx *Transaction) error {
		for i := range 100_000 {
			d.SetClientID(uint64(77 + i%5))
			if err := text.Insert(tx, r.IntN(text.Len()+1), string(rune('a'+i%26)), nil); err != nil {
				return err
			}
		}
		return nil
	})
	u, _ := d.EncodeStateAsUpdate(nil)
	return u
})

// blocks is a document of paragraphs and headings, as an editor writes it.
var blocks = sync.OnceValue(func() []byte {
	d := NewDoc(Options{ClientID: 99})
	r := rand.New(rand.NewPCG(5, 6))
	f := d.XMLFragment("default")
	d.Transact(nil, func(tx *Transaction) error {
		for i := range 5000 {
			name := "paragraph"
			if i%10 == 0 {
				name = "heading"
			}
			e, err := f.InsertElement(tx, f.Len(), name)
			if err != nil {
				return err
			}
			if i%10 == 0 {
				e.SetAttribute(tx, "level", 1+i%3)
			}
			t, _ := e.InsertText(tx, 0)
			ops := []DeltaOp{{Insert: fmt.Sprintf("Block %d of a document that a town keeps. ", i)}}
			if r.IntN(3) == 0 {
				ops = append(ops, DeltaOp{Insert: "Some bold words", Attributes: Attributes{{Key: "bold", Value: lib0.Object{}}}}, DeltaOp{Insert: " and more."})
			}
			if err := t.ApplyDelta(tx, ops); err != nil {
				return err
			}
		}
		return nil
	})
	u, _ := d.EncodeStateAsUpdate(nil)
	return u
})

func benchDocument(b *testing.B, u []byte) {
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(u)))
		for b.Loop() {
			loaded(b, [][]byte{u})
		}
	})
	b.Run("encode", func(b *testing.B) {
		d := loaded(b, [][]byte{u})
		b.ReportAllocs()
		for b.Loop() {
			d.EncodeStateAsUpdate(nil)
		}
	})
	b.Run("update", func(b *testing.B) {
		d := loaded(b, [][]byte{u})
		text := d.Text("text")
		if x, ok := d.XMLFragment("default").Get(2500).(*XMLElement); ok {
			text = (*Text)(x.Get(0).(*XMLText))
		}
		w := loaded(b, [][]byte{u})
		w.SetClientID(1)
		var us [][]byte
		w.OnUpdate(func(u []byte, _ any, _ *Transaction) { us = append(us, u) })
		wt := w.Text("text")
		if x, ok := w.XMLFragment("default").Get(2500).(*XMLElement); ok {
			wt = (*Text)(x.Get(0).(*XMLText))
		}
		_ = text
		at := wt.Len() / 2
		for i := range 2000 {
			w.Transact(nil, func(tx *Transaction) error { return wt.Insert(tx, at+i, "x", nil) })
		}
		b.ReportAllocs()
		b.ResetTimer()
		n := 0
		for b.Loop() {
			if n == len(us) {
				b.StopTimer()
				d, n = loaded(b, [][]byte{u}), 0
				b.StartTimer()
			}
			d.ApplyUpdate(us[n], nil)
			n++
		}
	})
}

func BenchmarkB4(b *testing.B) {
	u, err := loaded(b, keystrokes()).EncodeStateAsUpdate(nil)
	if err != nil {
		b.Fatal(err)
	}
	benchDocument(b, u)
}
func BenchmarkScattered100k(b *testing.B) { benchDocument(b, scattered()) }
func BenchmarkBlocks5000(b *testing.B)    { benchDocument(b, blocks()) }
