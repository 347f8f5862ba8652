package markdown

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Pieces of Markdown that mean much and get into each other's way.
var (
	randomInline = strings.Split("a|b |*|**|_|__|***|`|``|[|]|(|)|](x)|![|<|>|<http://a.b>|&amp;|&|\\|\n| |  \n|\\\n|\"|'|é|—|x.y|:|!|[a]|[a][b]|[^1]|1. |- |# |(t)| \"t\")|\u00a0|a_b|&#65;|<b>|</b>|<!-- c -->|<br>|<x@y.zz>|[a](<b c>)|~~|\t|👍|$|=|+|\x00|<!--civic-ref type=\"record\" id=\"r\" label=\"L\"-->", "|")
	randomBlock  = strings.Split("- @* @1. @2) @> @>@    @  @   @\t@\n@\n\n@a@b@# @## x@---@***@===@```@~~~@| a | b |\n|---|:-:|\n| c | d |@|a|@|-|@[a]: /u@[a]: /u \"t\"@[^1]: x@[b]:\n<c d>\n't'@+ @10. @- a\n@  - b\n@\n  @\n    @text@*e*@-@- \n@>> @> - @`c`@\\@::@|@0. @<div>@</div>@<!--@-->@<script>@\r\n@\r@```civicpress:markdown", "@")
)

func randomMarkdown(r *rand.Rand) string {
	var b strings.Builder
	inline := r.IntN(3)
	for range 1 + r.IntN(22) {
		if inline == 0 || inline == 1 && r.IntN(2) == 0 {
			b.WriteString(randomInline[r.IntN(len(randomInline))])
		} else {
			b.WriteString(randomBlock[r.IntN(len(randomBlock))])
		}
	}
	return b.String()
}

func TestRandomMarkdown(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 2_000
	}
	for seed := range uint64(n) {
		src := randomMarkdown(rand.New(rand.NewPCG(seed, 1)))
		doc, err := Parse([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if !valid(doc) {
			t.Fatalf("seed %d: %q is not a document of the schema: %s", seed, src, jsonOf(t, doc))
		}
		checkSpans(t, []byte(src), doc, span{0, int32(len(src))})
		checkReadsBack(t, doc)
		if t.Failed() {
			t.Fatalf("seed %d: %q", seed, src)
		}
	}
}

// randomTree makes any tree, mostly of the schema.
func randomTree(r *rand.Rand, depth int) *Node {
	blocks := []string{typeParagraph, typeParagraph, typeHeading, typeCodeBlock, typeRule, typeBlockquote,
		typeBulletList, typeOrderedList, typeTable}
	n := &Node{Type: blocks[r.IntN(len(blocks))]}
	if depth <= 0 {
		n.Type = typeParagraph
	}
	if r.IntN(60) == 0 {
		n.Type = []string{typeListItem, typeTableCell, "section", typeDoc, typeText, typeImage}[r.IntN(6)]
	}
	kids := func(f func() *Node) {
		for range r.IntN(4) {
			n.Content = append(n.Content, f())
		}
	}
	child := func() *Node { return randomTree(r, depth-1) }
	switch n.Type {
	case typeText:
		n.Text = randomText(r)
	case typeHeading:
		n.Attrs = []Attr{{"level", r.IntN(8)}}
		kids(func() *Node { return randomInlineNode(r) })
	case typeParagraph:
		kids(func() *Node { return randomInlineNode(r) })
	case typeCodeBlock:
		n.Attrs = []Attr{{"params", []string{"", "js", "a`b", "a\nb", rawParams, rawParams}[r.IntN(6)]}}
		if r.IntN(4) > 0 {
			n.Content = []*Node{{Type: typeText, Text: randomText(r) + []string{"", "\n", "```\n", "\n~~~", "<b>\n\nx"}[r.IntN(5)]}}
			if r.IntN(3) == 0 {
				n.Content[0].Text = []string{"<div>", "<!-- x", "<!-- x\n\ny -->", "<b>x</b>\n<i>", "[^1]: a\n\n    b", "<p>\n\n# x"}[r.IntN(6)]
			}
		}
	case typeOrderedList, typeBulletList:
		if n.Type == typeOrderedList {
			n.Attrs = []Attr{{"order", []any{0, 1, 1, 7, 98, 999_999_999, 1.5, "3", -1}[r.IntN(9)]}}
		}
		kids(func() *Node {
			item := &Node{Type: typeListItem}
			for range r.IntN(4) {
				item.Content = append(item.Content, child())
			}
			return item
		})
	case typeTable:
		kids(func() *Node {
			row := &Node{Type: typeTableRow}
			for range r.IntN(4) {
				cell := &Node{Type: typeTableCell, Attrs: cellAttrs([]string{"", "left", "right", "center"}[r.IntN(4)])}
				for range r.IntN(3) {
					cell.Content = append(cell.Content, child())
				}
				row.Content = append(row.Content, cell)
			}
			return row
		})
	default:
		kids(child)
	}
	return n
}

func randomInlineNode(r *rand.Rand) *Node {
	n := &Node{Type: typeText}
	switch r.IntN(12) {
	case 0:
		n.Type = typeHardBreak
	case 1:
		n.Type = typeImage
		n.Attrs = []Attr{{"src", randomHref(r)}, {"alt", randomText(r)}, {"title", nil}}
	case 2:
		n.Type = typeCivicRef
		n.Attrs = []Attr{{"refType", "record"}, {"id", "r" + randomText(r)}, {"label", randomText(r)}}
	default:
		n.Text = randomText(r)
		if n.Text == "" {
			n.Text = "x"
		}
		if r.IntN(3) == 0 {
			n.Marks = append(n.Marks, plainMarks[r.IntN(8)]...)
		}
		if r.IntN(6) == 0 {
			link := linkAttrs(randomHref(r), []string{"", "t", `a "b" \ &amp;`, "x\ny"}[r.IntN(4)])
			if r.IntN(5) == 0 {
				link = rawLink
				n.Text = []string{"<b>", "</b>", "[^1]", "<!-- c -->", "no tag", "<b"}[r.IntN(6)]
			}
			n.Marks = append([]Mark{{markLink, link}}, n.Marks...)
		}
	}
	return n
}

func randomHref(r *rand.Rand) string {
	return []string{"", "x", "https://ex.org", "a b", "a(b", "<x>", "a\nb", "javascript:alert(1)", "/é?a=1&copy;2", `\`, "http://例え.jp"}[r.IntN(11)]
}

var randomWords = strings.Split("a|b |word| *x|_y_|**|`c`|# |1. |2) |- |+ |>|<b>|<|&amp;|&|[a]|](x)|!|\\|~~|==|---|—|«|é|👍|$5|\u00a0|  |\t|\n|.|:|||[^1]|#|</div>|a_b|--|&#45;|\"", "|")

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteString(randomWords[r.IntN(len(randomWords))])
	}
	return b.String()
}

func TestRandomDocuments(t *testing.T) {
	n := 5_000
	if testing.Short() {
		n = 1_000
	}
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 2))
		doc := &Node{Type: typeDoc}
		for range 1 + r.IntN(4) {
			doc.Content = append(doc.Content, randomTree(r, 3))
		}
		checkReadsBack(t, doc)
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, jsonOf(t, doc))
		}
	}
}
