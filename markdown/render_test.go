package markdown

import (
	"strings"
	"testing"
)

// sourceOf reads a text and gives its blocks identities, as a live document
// would.
func sourceOf(t testing.TB, text string) (*Source, *Node) {
	t.Helper()
	s, err := parseSource(text)
	if err != nil {
		t.Fatal(err)
	}
	clock := uint64(0)
	eachBlock(s.doc, func(n *Node) bool {
		clock++
		n.id = blockID{Client: 1, Clock: clock}
		return true
	})
	s.noteEmpty()
	return s, clone(s.doc)
}

func clone(n *Node) *Node {
	c := *n
	c.src = span{}
	c.Content = make([]*Node, len(n.Content))
	for i, k := range n.Content {
		c.Content[i] = clone(k)
	}
	return &c
}

func textIn(n *Node) string {
	var b strings.Builder
	eachText(n, func(s string) { b.WriteString(s) })
	return b.String()
}

// retype replaces a piece of text wherever it stands.
func retype(n *Node, old, new string) {
	n.Text = strings.ReplaceAll(n.Text, old, new)
	for _, c := range n.Content {
		retype(c, old, new)
	}
}

func remove(n *Node, victim *Node) {
	for i, c := range n.Content {
		if c == victim {
			n.Content = append(n.Content[:i:i], n.Content[i+1:]...)
			return
		}
		remove(c, victim)
	}
}

func insertAfter(n, before, new *Node) {
	for i, c := range n.Content {
		if c == before {
			n.Content = append(n.Content[:i+1:i+1], append([]*Node{new}, n.Content[i+1:]...)...)
			return
		}
		insertAfter(c, before, new)
	}
}

func para(s string) *Node {
	return &Node{Type: typeParagraph, Content: []*Node{{Type: typeText, Text: s}}}
}

func item(kids ...*Node) *Node { return &Node{Type: typeListItem, Content: kids} }

const wrappedText = `Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed
do eiusmod tempor incididunt ut labore et magna aliqua enim
minim veniam, quis nostrud exercitation ullamco nisi aliquip
ex ea commodo consequat.

Duis aute irure reprehenderit in voluptate velit esse cillum
eu fugiat nulla pariatur excepteur sint occaecat non proident
sunt in culpa.
`

// wrappedAfter is wrappedText with one word more: the lines that became too
// long are broken, and no others.
const wrappedAfter = `Lorem ipsum dolor emphatically sit amet, consectetur
adipiscing elit, sed do eiusmod tempor incididunt ut labore
et magna aliqua enim minim veniam, quis nostrud exercitation
ullamco nisi aliquip ex ea commodo consequat.

Duis aute irure reprehenderit in voluptate velit esse cillum
eu fugiat nulla pariatur excepteur sint occaecat non proident
sunt in culpa.
`

func TestRenderKeepsWhatWasNotEdited(t *testing.T) {
	word := func(old, new string) func(*Node) { return func(d *Node) { retype(d, old, new) } }
	for _, c := range []struct {
		name, text, want string
		edit             func(*Node)
	}{
		{"nothing", "\ufeff\n# A #\r\n\r\n* b\n", "\ufeff\n# A #\r\n\r\n* b\n", func(*Node) {}},
		{"word", "Setext\n======\n\nOne two\nthree __four__.\n\n- a\n- b\n", "Setext\n======\n\nOne 2\nthree __four__.\n\n- a\n- b\n", word("two", "2")},
		{"bold word", "x __four__ y *z*\nw\n", "x __five__ y *z*\nw\n", word("four", "five")},
		{"setext heading", "Title\n=====\n\ntext\n", "New title\n=========\n\ntext\n", word("Title", "New title")},
		{"closed heading", "## Title ##\n\ntext", "## Name ##\n\ntext", word("Title", "Name")},
		{"crlf", "one\r\ntwo\r\n\r\nthree\r\n", "one\r\n2\r\n\r\nthree\r\n", word("two", "2")},
		{"tight item", "- a\n- b\n- c\n", "- a\n- B\n- c\n", word("b", "B")},
		{"nested item", "1. a\n   - b\n   - c\n\n     more\n2. d\n", "1. a\n   - B\n   - c\n\n     more\n2. d\n", word("b", "B")},
		{"item in quote", "> - a\n>   b\n> - c\n>\n> d\n", "> - a\n>   B\n> - c\n>\n> d\n", word("b", "B")},
		{"lazy quote", "> a\nb\n\nc\n", "> a\n> B\n\nc\n", word("b", "B")},
		{"table cell", "| a | b |\n|---|--:|\n| one   | 2 |\n| three | 4 |\n", "| a | b |\n|---|--:|\n| one   | 20 |\n| three | 4 |\n", word("2", "20")},
		{"padded table", "| a     | b |\n|-------|---|\n| one   | 2 |\n| three | 4 |\n", "| a     | b |\n|-------|---|\n| uno   | 2 |\n| three | 4 |\n", word("one", "uno")},
		{"code", "~~~ go\na\nb\n~~~\n\nx\n", "~~~ go\na\nB\n~~~\n\nx\n", word("b", "B")},
		{"indented code", "    a\n    b\n\nx\n", "    a\n    B\n\nx\n", word("b", "B")},
		{"reference link", "See [the law][1] now\nand then.\n\n[1]: https://e.x 'T'\n", "See [the law][1] now\nand soon.\n\n[1]: https://e.x 'T'\n", word("then", "soon")},
		{"raw html", "<div>\nx\n</div>\n\na b\n", "<div>\nx\n</div>\n\na c\n", word(" b", " c")},
		{"inline html", "a <b>x</b> c\n", "a <b>y</b> c\n", word("x", "y")},
		{"footnote", "Text[^1] one.\n\n[^1]: The note.\n", "Text[^1] two.\n\n[^1]: The note.\n", word("one", "two")},
		{"task list", "- [ ] a\n- [x] b\n", "- [ ] a\n- [x] c\n", word("b", "c")},
		{"delete a block", "a\n\nb\n\n\nc\n", "a\n\nc\n", func(d *Node) { remove(d, d.Content[1]) }},
		{"delete keeps definitions", "a\n\n[x]: /u\n\nb [x]\n\nc\n", "[x]: /u\n\nb [x]\n\nc\n", func(d *Node) { remove(d, d.Content[0]) }},
		{"move a block", "a\n\n***\n\nb\nb\n\nc", "***\n\nb\nb\n\na\n\nc", func(d *Node) {
			d.Content[0], d.Content[1], d.Content[2] = d.Content[1], d.Content[2], d.Content[0]
		}},
		{"new paragraph", "a\n\nb\n", "a\n\nnew\n\nb\n", func(d *Node) { insertAfter(d, d.Content[0], para("new")) }},
		{"new first paragraph", "\n\na\n", "\n\nnew\n\na\n", func(d *Node) { d.Content = append([]*Node{para("new")}, d.Content...) }},
		{"new item in a tight list", "+ a\n+ b\n\ntext\n", "+ a\n+ new\n+ b\n\ntext\n", func(d *Node) {
			insertAfter(d, d.Content[0].Content[0], item(para("new")))
		}},
		{"new item in a loose list", "- a\n\n- b\n", "- a\n\n- b\n\n- new\n", func(d *Node) {
			insertAfter(d, d.Content[0].Content[1], item(para("new")))
		}},
		{"new numbered item", "3) a\n4) b\n5) c\n", "3) a\n4) new\n5) b\n6) c\n", func(d *Node) {
			insertAfter(d, d.Content[0].Content[0], item(para("new")))
		}},
		{"new item where all are 1", "1. a\n1. b\n", "1. a\n1. new\n1. b\n", func(d *Node) {
			insertAfter(d, d.Content[0].Content[0], item(para("new")))
		}},
		{"new list follows the style", "- a\n- b\n\ntext\n", "- a\n- b\n\ntext\n\n- c\n- d\n", func(d *Node) {
			d.Content = append(d.Content, &Node{Type: typeBulletList, Content: []*Node{item(para("c")), item(para("d"))}})
		}},
		{"sublist", "- a\n- b\n", "- a\n  - c\n- b\n", func(d *Node) {
			i := d.Content[0].Content[0]
			i.Content = append(i.Content, &Node{Type: typeBulletList, Content: []*Node{item(para("c"))}})
		}},
		{"new table row", "| a | b |\n|---|---|\n| 1 | 2 |\n\nx\n", "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nx\n", func(d *Node) {
			cell := func(s string) *Node {
				return &Node{Type: typeTableCell, Attrs: cellAttrs(""), Content: []*Node{para(s)}}
			}
			insertAfter(d, d.Content[0].Content[1], &Node{Type: typeTableRow, Content: []*Node{cell("3"), cell("4")}})
		}},
		{"emphasis as elsewhere", "a _b_ __c__\n", "a _b_ __c__\n\n_d_ __e__\n", func(d *Node) {
			d.Content = append(d.Content, &Node{Type: typeParagraph, Content: []*Node{
				{Type: typeText, Text: "d", Marks: plainMarks[1]}, {Type: typeText, Text: " "}, {Type: typeText, Text: "e", Marks: plainMarks[2]}}})
		}},
		{"hard break as elsewhere", "a  \nb\n", "a  \nb\n\nc  \nd\n", func(d *Node) {
			d.Content = append(d.Content, &Node{Type: typeParagraph, Content: []*Node{
				{Type: typeText, Text: "c"}, {Type: typeHardBreak}, {Type: typeText, Text: "d"}}})
		}},
		{"wrapped as elsewhere", wrappedText, wrappedAfter, word("dolor", "dolor emphatically")},
		{"empty text", "", "new", func(d *Node) { d.Content = []*Node{para("new")} }},
		{"all deleted", "a\n\nb\n", "\n", func(d *Node) { d.Content = []*Node{{Type: typeParagraph}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, doc := sourceOf(t, c.text)
			c.edit(doc)
			if got := s.render(doc); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", show(got), show(c.want))
			}
		})
	}
}

func show(s string) string {
	return strings.NewReplacer("\r", `\r`, "\t", `\t`, "\n", "⏎\n").Replace(s)
}
