package markdown

import "testing"

func TestUnion(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"one two", "", "one two"},
		{"", "one two", "one two"},
		{"one two three", "one two three", "one two three"},
		{"one new two three", "one two three", "one new two three"},
		{"one two three", "one new two three", "one new two three"},
		{"one left two three\n\nfour\n", "one two right three\n\nfour\n\nfive\n", "one left two right three\n\nfour\n\nfive\n"},
		{"one TWO typed\nthree", "one TWO\nthree, put", "one TWO typed\nthree, put"},
		{"clause 1).ab two", "clause 1).abcd two", "clause 1).abcd two"},
		{"clause 1).abcd new", "clause 1).ab old", "clause 1).abcd new old"},
		{"x wo right", "x word three right", "x word three right"},
		{"a fee is due", "fees are due", "a fees is are due"},
		{"é", "è", "é è"},
		{"fee of 45 dollars", "fee of 50 dollars", "fee of 45 50 dollars"},
	} {
		if got := Union(c.a, c.b); got != c.want {
			t.Errorf("Union(%q, %q) = %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
