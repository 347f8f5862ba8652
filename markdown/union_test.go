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
		{"left x wo right", "y word three right", "left x y word three right"},
		{"(see clause 1).c3n0z c3n56z c2n3z \n\nnext", "(see clause 1).\n\nnext", "(see clause 1).c3n0z c3n56z c2n3z \n\nnext"},
		{"c1 c2 The operator", "The operator of", "c1 c2 The operator of"},
		{" indented\n", " indented\n", " indented\n"},
		{"a fee is due", "fees are due", "fees are fee is due"},
		{"é", "è", "é è"},
		{"fee of 45 dollars", "fee of 50 dollars", "fee of 45 50 dollars"},
	} {
		if got := Union(c.a, c.b); got != c.want {
			t.Errorf("Union(%q, %q) = %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
