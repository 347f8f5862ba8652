package markdown

import (
	"fmt"
	"strings"
	"testing"
)

// sampleRecord is a record of about size bytes with everything that records usually hold.
func sampleRecord(size int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `## Section %d

The *council* met on **Tuesday** and approved the budget of $1,200,000 for roads, parks and the library.
See [the by-law](https://example.org/bylaw "By-law") for details; the text of this paragraph is wrapped
over several lines as people do who write in a text editor.

- first item with `+"`code`"+`
- second item
  - nested item
- third

1. one
2. two

| Line  | 2025 |
|-------|-----:|
| Roads | $1,000 |
| Parks | $300 |

> The clerk read the resolution aloud.

`, i)
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	src := sampleRecord(200_000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeed(b *testing.B) {
	src := sampleRecord(200_000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seed(src, SeedOptions{ClientID: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	doc, err := Parse(sampleRecord(200_000))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(Canonical(doc))))
	b.ReportAllocs()
	for b.Loop() {
		Canonical(doc)
	}
}

func BenchmarkRead(b *testing.B) {
	s, err := Seed(sampleRecord(200_000), SeedOptions{ClientID: 1})
	if err != nil {
		b.Fatal(err)
	}
	frag := docOf(b, s.Update).XMLFragment(FragmentName)
	b.ReportAllocs()
	for b.Loop() {
		Read(frag)
	}
}
