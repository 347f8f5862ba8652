package markdown

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func apply(a, b []byte, hunks []hunk) []byte {
	return appendSide(nil, a, b, hunks, 0, len(a))
}

func TestDiffTurnsOneIntoTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]byte("abcd")), 0, 40)
		a, b := letters.Draw(t, "a"), letters.Draw(t, "b")
		hunks := diff(a, b)
		if got := apply(a, b, hunks); !slices.Equal(got, b) {
			t.Fatalf("diff(%q, %q) = %v gives %q", a, b, hunks, got)
		}
		cost := 0
		for _, s := range hunks {
			cost += s.a1 - s.a0 + s.b1 - s.b0
		}
		if want := len(a) + len(b) - 2*lcs(a, b); cost != want {
			t.Fatalf("diff(%q, %q) costs %d, shortest is %d: %v", a, b, cost, want, hunks)
		}
	})
}

// lcs is the textbook table, to compare with.
func lcs(a, b []byte) int {
	row := make([]int, len(b)+1)
	for i := range a {
		diag := 0
		for j := range b {
			up := row[j+1]
			if a[i] == b[j] {
				row[j+1] = diag + 1
			} else {
				row[j+1] = max(up, row[j])
			}
			diag = up
		}
	}
	return row[len(b)]
}

func TestDiffOfUnrelatedTextsIsBounded(t *testing.T) {
	a := slices.Repeat([]int{1, 2, 3}, 100_000)
	b := slices.Repeat([]int{4, 5, 6, 7}, 100_000)
	if got := diff(a, b); len(got) != 1 || got[0] != (hunk{0, len(a), 0, len(b)}) {
		t.Fatalf("got %v", got)
	}
}

func TestMerge3(t *testing.T) {
	for _, c := range []struct {
		base, ours, theirs, want string
		clean                    bool
	}{
		{"a b c", "a b c", "a b c", "a b c", true},
		{"a b c", "a B c", "a b c", "a B c", true},
		{"a b c", "a b c", "a B c", "a B c", true},
		{"a b c", "A b c", "a b C", "A b C", true},
		{"a b c", "a X c", "a Y c", "a Y c", false},
		{"a b c d", "a b c d e", "0 a b c d", "0 a b c d e", true},
		{"", "x", "", "x", true},
		{"a b c", "", "a b c", "", true},
	} {
		clean := true
		got := merge3(strings.Fields(c.base), strings.Fields(c.ours), strings.Fields(c.theirs), func(_, theirs []string) []string {
			clean = false
			return theirs
		})
		if s := strings.Join(got, " "); s != c.want || clean != c.clean {
			t.Errorf("merge3(%q, %q, %q) = %q, %v; want %q, %v", c.base, c.ours, c.theirs, s, clean, c.want, c.clean)
		}
	}
}

func TestMerge3WithOneSideUnchangedIsTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]byte("abc")), 0, 30)
		base, side := letters.Draw(t, "base"), letters.Draw(t, "side")
		conflict := func(ours, theirs []byte) []byte {
			t.Fatalf("%q and %q are no conflict", ours, theirs)
			return nil
		}
		if got := merge3(base, base, side, conflict); !slices.Equal(got, side) {
			t.Fatalf("theirs: %q; want %q", got, side)
		}
		if got := merge3(base, side, base, conflict); !slices.Equal(got, side) {
			t.Fatalf("ours: %q; want %q", got, side)
		}
	})
}
