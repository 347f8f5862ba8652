package yjs

import (
	"math/rand/v2"
	"testing"
)

// typedUpdates returns the updates of somebody who types n letters and a document's
// state with all of them.
func typedUpdates(tb testing.TB, n int) (updates [][]byte, state []byte) {
	r := rand.New(rand.NewPCG(1, 2))
	d := NewDoc(Options{ClientID: 1 << 31})
	d.OnUpdate(func(u []byte, _ any, _ *Transaction) { updates = append(updates, u) })
	text := d.Text("t")
	at := 0
	for range n {
		if r.IntN(50) == 0 {
			at = r.IntN(text.Len() + 1)
		}
		err := d.Transact(nil, func(tx *Transaction) error { return text.Insert(tx, at, "x", nil) })
		if err != nil {
			tb.Fatal(err)
		}
		at++
	}
	state, err := d.EncodeStateAsUpdate(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return updates, state
}

func BenchmarkUpdateMetaOfKeystroke(b *testing.B) {
	updates, _ := typedUpdates(b, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := UpdateMeta(updates[50]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMergeUpdates(b *testing.B) {
	updates, _ := typedUpdates(b, 2000)
	for name, n := range map[string]int{"2": 2, "10": 10, "2000": 2000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := MergeUpdates(updates[:n]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkConvert(b *testing.B) {
	_, state := typedUpdates(b, 20_000)
	v2, err := ConvertV1ToV2(state)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("to V2", func(b *testing.B) {
		b.SetBytes(int64(len(state)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ConvertV1ToV2(state); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("to V1", func(b *testing.B) {
		b.SetBytes(int64(len(state)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ConvertV2ToV1(v2); err != nil {
				b.Fatal(err)
			}
		}
	})
}
