package yjs

import (
	"math/rand/v2"
	"testing"
)

// crowd are updates of n clients that all wrote at one place, one of each client,
// the highest client's first.
func crowd(n int) [][]byte {
	us := make([][]byte, n)
	for i := range us {
		us[i] = update([]block{text(uint64(10+n-i), 0, "y").after(1, 0)}, nil)
	}
	return us
}

// TestCrowdTakesFewSteps lets 16 000 clients write at one place, in the orders
// in which that is most work for a scan. Where each item passes all that came
// before, this takes 128 million steps.
func TestCrowdTakesFewSteps(t *testing.T) {
	const n = 16_000
	const each = 200 // steps of one item; mostly what an order looks at in a chunk
	first := update([]block{text(1, 0, "z").root("")}, nil)
	down := crowd(n)
	up, mixed := make([][]byte, n), make([][]byte, n)
	for i, j := range rand.New(rand.NewPCG(3, 5)).Perm(n) {
		up[n-1-i], mixed[i] = down[i], down[j]
	}
	want := []byte(nil)
	for name, us := range map[string][][]byte{"highest client first": down, "lowest first": up, "mixed": mixed} {
		t.Run(name, func(t *testing.T) {
			d := testDoc(t, Options{}, first)
			mustTransact(t, d, nil, func(tx *Transaction) error {
				for _, u := range us {
					if err := tx.ApplyUpdate(u); err != nil {
						return err
					}
				}
				return nil
			})
			d.check(t)
			if want == nil {
				want = state(t, d)
			}
			if got := state(t, d); string(got) != string(want) {
				t.Error("the documents differ")
			}
			t.Logf("%d steps, %.1f for each item", d.work, float64(d.work)/n)
			if d.work > n*each {
				t.Errorf("%d steps, at most %d are allowed", d.work, n*each)
			}
			// One more, alone: it is not worth an order.
			for _, client := range []uint64{2, 10 + n + 1} {
				d.work = 0
				if err := d.ApplyUpdate(update([]block{text(client, 0, "y").after(1, 0)}, nil), nil); err != nil {
					t.Fatal(err)
				}
				t.Logf("client %d: %d steps", client, d.work)
				if most := n + 2*longScan; d.work > most {
					t.Errorf("one item of client %d: %d steps, at most %d are allowed", client, d.work, most)
				}
			}
		})
	}
}
