package lib0_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// fixtures were made by the real lib0: testdata/make.mjs.
type fixtures struct {
	Any     []string     `json:"any"`
	Odd     [][2]string  `json:"odd"`
	JSON    [][2]*string `json:"json"`
	VarUint [][2]any     `json:"varuint"`
	VarInt  [][2]any     `json:"varint"`
}

func load(t testing.TB) (f fixtures) {
	t.Helper()
	b, err := os.ReadFile("testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnyRoundTripsLikeLib0(t *testing.T) {
	for _, h := range load(t).Any {
		in := unhex(t, h)
		d := lib0.NewDecoder(in)
		v, err := d.Any()
		if err != nil || d.Len() != 0 {
			t.Errorf("%s: %v, %d bytes left", h, err, d.Len())
			continue
		}
		out, err := lib0.AppendAny(nil, v)
		if err != nil || !bytes.Equal(in, out) {
			t.Errorf("%s came back as %x (%v)", h, out, err)
		}
		d = lib0.NewDecoder(in)
		canonical, err := d.SkipAny()
		if err != nil || d.Len() != 0 {
			t.Errorf("skip %s: %v, %d bytes left", h, err, d.Len())
		}
		// Objects with array indexes or many keys may be called not canonical.
		if !canonical && in[0] != 118 {
			t.Errorf("%s is canonical", h)
		}
	}
}

func TestAnyNormalisesLikeLib0(t *testing.T) {
	for _, c := range load(t).Odd {
		d := lib0.NewDecoder(unhex(t, c[0]))
		canonical, skipErr := d.SkipAny()
		left := d.Len()
		d = lib0.NewDecoder(unhex(t, c[0]))
		v, err := d.Any()
		if c[1] == "error" {
			if err == nil || skipErr == nil {
				t.Errorf("%s: want an error, got %v", c[0], v)
			}
			continue
		}
		out, encErr := lib0.AppendAny(nil, v)
		if err != nil || skipErr != nil || encErr != nil || hex.EncodeToString(out) != c[1] {
			t.Errorf("%s: got %x, want %s (%v, %v)", c[0], out, c[1], err, skipErr)
		}
		if canonical && (c[0] != c[1] || left != 0) {
			t.Errorf("%s is not canonical", c[0])
		}
	}
}

func TestCanonicalJSONLikeJavaScript(t *testing.T) {
	for _, c := range load(t).JSON {
		got, err := lib0.CanonicalJSON([]byte(*c[0]))
		switch {
		case c[1] == nil:
			if !errors.Is(err, lib0.ErrJSON) {
				t.Errorf("%q: want ErrJSON, got %q, %v", *c[0], got, err)
			}
		case err != nil || string(got) != *c[1]:
			t.Errorf("%q: got %q, want %q (%v)", *c[0], got, *c[1], err)
		}
		if lib0.IsCanonicalJSON([]byte(*c[0])) && (c[1] == nil || *c[0] != *c[1]) {
			t.Errorf("%q is not canonical", *c[0])
		}
	}
}

// What documents hold is seen to be canonical at once.
func TestIsCanonicalJSON(t *testing.T) {
	for _, s := range []string{"{}", "null", `"left"`, "2", "-1.5", "1e+21", `{"href":"https://example.org/é","title":null}`, `[120,{"a":[true,false]}]`, `"a\n\"b\\"`} {
		if !lib0.IsCanonicalJSON([]byte(s)) {
			t.Errorf("%s: is canonical", s)
		}
	}
	for _, s := range []string{"", "-0", "01", "1.0", "1e21", "+1", "nul", "{} ", `{"a":1,}`, `{"a":1,"a":2}`, `{"b":1,"1":2}`, `{"__proto__":1}`, "[1 ]", "[1,]", "[", `"\/"`, `"\u0041"`, "\"\n\"", "\"\xff\"", `"`, "1 2"} {
		if lib0.IsCanonicalJSON([]byte(s)) {
			t.Errorf("%s: is not canonical", s)
		}
	}
}

func TestVarInts(t *testing.T) {
	f := load(t)
	for _, c := range f.VarUint {
		n := uint64(c[0].(float64))
		b := lib0.AppendVarUint(nil, n)
		d := lib0.NewDecoder(b)
		back, err := d.VarUint()
		if hex.EncodeToString(b) != c[1] || back != n || err != nil || len(b) != lib0.VarUintLen(n) {
			t.Errorf("%d: %x, back %d, %v", n, b, back, err)
		}
	}
	for _, c := range f.VarInt {
		n := int64(c[0].(float64))
		b := lib0.AppendVarInt(nil, n)
		d := lib0.NewDecoder(b)
		back, neg, err := d.VarInt()
		if hex.EncodeToString(b) != c[1] || err != nil || neg != (n < 0) || float64(back) != math.Abs(float64(n)) {
			t.Errorf("%d: %x, back %d, %v", n, b, back, err)
		}
	}
}

func TestDecoderRefuses(t *testing.T) {
	deep := bytes.Repeat([]byte{117, 1}, lib0.MaxDepth+1)
	for name, c := range map[string]struct {
		in   []byte
		read func(*lib0.Decoder) error
		want error
	}{
		"2^53":           {[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10}, func(d *lib0.Decoder) error { _, err := d.VarUint(); return err }, lib0.ErrRange},
		"endless varint": {bytes.Repeat([]byte{0x80}, 1000), func(d *lib0.Decoder) error { _, err := d.VarUint(); return err }, lib0.ErrUnexpectedEnd},
		"long array":     {[]byte{117, 0xff, 0xff, 0xff, 0x7f}, func(d *lib0.Decoder) error { _, err := d.Any(); return err }, lib0.ErrUnexpectedEnd},
		"bad utf-8":      {[]byte{119, 1, 0xff}, func(d *lib0.Decoder) error { _, err := d.Any(); return err }, lib0.ErrUTF8},
		"surrogate":      {[]byte{119, 3, 0xed, 0xa0, 0xbd}, func(d *lib0.Decoder) error { _, err := d.SkipAny(); return err }, lib0.ErrUTF8},
		"tag":            {[]byte{5}, func(d *lib0.Decoder) error { _, err := d.SkipAny(); return err }, lib0.ErrTag},
		"deep read":      {append(deep, 117, 0), func(d *lib0.Decoder) error { _, err := d.Any(); return err }, lib0.ErrDepth},
		"deep skip":      {append(deep, 117, 0), func(d *lib0.Decoder) error { _, err := d.SkipAny(); return err }, lib0.ErrDepth},
		"empty":          {nil, func(d *lib0.Decoder) error { _, err := d.Any(); return err }, lib0.ErrUnexpectedEnd},
	} {
		d := lib0.NewDecoder(c.in)
		if err := c.read(&d); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := lib0.CanonicalJSON([]byte(strings.Repeat("[", 20000) + strings.Repeat("]", 20000))); !errors.Is(err, lib0.ErrDepth) {
		t.Errorf("deep JSON: %v", err)
	}
	if _, err := lib0.AppendAny(nil, struct{}{}); !errors.Is(err, lib0.ErrValue) {
		t.Errorf("struct: %v", err)
	}
}

func TestGoValues(t *testing.T) {
	got, err := lib0.AppendAny(nil, map[string]any{"b": int64(1), "a": uint8(2), "10": nil, "9": big.NewInt(-1)})
	want := []byte{118, 4, 1, '9', 122, 255, 255, 255, 255, 255, 255, 255, 255, 2, '1', '0', 126, 1, 'a', 125, 2, 1, 'b', 125, 1}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v (%v)", got, want, err)
	}
	if s := lib0.AppendString(nil, "a\xed\xa0\xbd\xed\xb8\x80\xff"); string(s) != "\x0aa\uFFFD\uFFFD\uFFFD" {
		t.Errorf("lone surrogates: %q", s)
	}
}

func TestUTF16(t *testing.T) {
	for _, s := range []string{"", "a", "plain ascii text that is long enough", "é", "aé東😀b", strings.Repeat("😀", 20), strings.Repeat("a😀é", 11) + "x", strings.Repeat("東京", 9), strings.Repeat("\u00e9", 40) + "😀😀"} {
		units := utf16.Encode([]rune(s))
		b := []byte(s)
		if !lib0.ValidUTF8(b) || len(b) > 0 && lib0.ValidUTF8(append([]byte("12345678"), append(b[:len(b):len(b)], 0xff)...)) {
			t.Errorf("%q: valid or not?", s)
		}
		if got := lib0.UTF16Len(b); got != len(units) {
			t.Errorf("%q: %d units, want %d", s, got, len(units))
			continue
		}
		for n := range len(units) + 1 {
			off, inside := lib0.UTF16Offset(b, n, len(units))
			wantInside := n > 0 && n < len(units) && utf16.IsSurrogate(rune(units[n])) && units[n] >= 0xDC00
			at := n
			if wantInside {
				at--
			}
			if want := len(string(utf16.Decode(units[:at]))); off != want || inside != wantInside {
				t.Errorf("%q unit %d: got %d %v, want %d %v", s, n, off, inside, want, wantInside)
			}
		}
	}
}

func FuzzAny(f *testing.F) {
	for _, h := range load(f).Any {
		f.Add(unhex(f, h))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d := lib0.NewDecoder(in)
		canonical, skipErr := d.SkipAny()
		end := d.Pos()
		d = lib0.NewDecoder(in)
		v, err := d.Any()
		if (err == nil) != (skipErr == nil) {
			t.Fatalf("read %v, skip %v", err, skipErr)
		}
		if err != nil {
			return
		}
		out, err := lib0.AppendAny(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if d.Pos() != end || canonical && !bytes.Equal(out, in[:end]) {
			t.Fatalf("%x: %x", in[:end], out)
		}
		d = lib0.NewDecoder(out)
		if _, err := d.Any(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, c := range load(f).JSON {
		f.Add([]byte(*c[0]))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := lib0.ParseJSON(in)
		slow, _ := lib0.AppendJSON(nil, v)
		if lib0.IsCanonicalJSON(in) && (err != nil || !json.Valid(in) || !utf8.Valid(in) || !bytes.Equal(slow, in)) {
			t.Fatalf("%q is not canonical: %q", in, slow)
		}
		out, err := lib0.CanonicalJSON(in)
		if err != nil {
			return
		}
		again, err := lib0.CanonicalJSON(bytes.Clone(out))
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%q: %q, again %q (%v)", in, out, again, err)
		}
	})
}
