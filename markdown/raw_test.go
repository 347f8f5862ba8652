package markdown

import (
	"strings"
	"testing"
)

// outline is a short form of a tree: raw blocks as raw{…}, raw text as ‹…›.
func outline(n *Node) string {
	var kids []string
	for _, c := range n.Content {
		kids = append(kids, outline(c))
	}
	switch {
	case n.Type == typeText && isRawText(n):
		return "‹" + n.Text + "›"
	case n.Type == typeText:
		return n.Text
	case isRaw(n):
		return "raw{" + strings.Join(kids, "") + "}"
	case n.Type == typeHardBreak:
		return "↵"
	case n.Type == typeCivicRef:
		return "@" + attrString(n.Attrs, "label")
	}
	sep := " "
	if schema[n.Type].content == contentInline || schema[n.Type].content == contentText {
		sep = ""
	}
	return n.Type + "{" + strings.Join(kids, sep) + "}"
}

// TestRaw: what the schema has no node for is in the tree, and is written as it was.
func TestRaw(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"<div>\n*a*\n</div>", "raw{<div>\n*a*\n</div>}"},
		{"<details>\n\ntext\n\n</details>", "raw{<details>} paragraph{text} raw{</details>}"},
		{"<!-- a\n\nb -->", "raw{<!-- a\n\nb -->}"},
		{"> <p>\n> x\n> </p>\n>\n> y", "blockquote{raw{<p>\nx\n</p>} paragraph{y}}"},
		{"* <hr>\n\n* a", "bullet_list{list_item{paragraph{} raw{<hr>}} list_item{paragraph{a}}}"},
		{"x<sup>2</sup> and <!-- c -->", "paragraph{x‹<sup>›2‹</sup>› and ‹<!-- c -->›}"},
		{"*a <b>b</b>*", "paragraph{a ‹<b>›b‹</b>›}"},
		{"[a <b>b</b>](c)", "paragraph{‹[a <b>b</b>](c)›}"},
		{"# <i>a</i>", "heading{‹<i>›a‹</i>›}"},
		{"| a<br>b | <br/> |\n| --- | --- |", "table{table_row{table_header{paragraph{a↵b}} table_header{paragraph{‹<br/>›}}}}"},
		{"a[^1]\n\n[^1]: note", "paragraph{a‹[^1]›} paragraph{‹[^1]›: note}"},
		{"[^1]: one\n\n    two\n\nthree", "raw{[^1]: one\n\n    two} paragraph{three}"},
		{"```civicpress:markdown\n<b>\n```", "raw{```civicpress:markdown\n<b>\n```}"},
		{"```civicpress:markdown\n# a\n```", "raw{# a}"}, // a code block that only has the name
		{"[a](civicpress:markdown)", "paragraph{‹[a](civicpress:markdown)›}"},
		{"<civicpress:markdown>", "paragraph{‹<civicpress:markdown>›}"},
		{"a\\\n    <div>", "paragraph{a↵‹<div>›}"},
		{`<!--civic-ref type="record" id="a" label="A"--> b`, "paragraph{@A b}"},
		{"0. a\n\n1. b", "ordered_list{list_item{paragraph{a}} list_item{paragraph{b}}}"},
	} {
		doc, err := Parse([]byte(c.src))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(strings.TrimPrefix(outline(doc), "doc{"), "}"); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.src, got, c.want)
		}
		if got := string(Canonical(doc)); got != c.src {
			t.Errorf("%q is written %q", c.src, got)
		}
	}
}

// TestRawEdited: raw Markdown that somebody changed is written so that nothing is lost and
// nothing else changes its meaning.
func TestRawEdited(t *testing.T) {
	code := func(text string) *Node {
		return &Node{Type: typeCodeBlock, Attrs: rawAttrs, Content: []*Node{{Type: typeText, Text: text}}}
	}
	inline := func(text string) *Node {
		return &Node{Type: typeParagraph, Content: []*Node{
			{Type: typeText, Text: "a "}, {Type: typeText, Text: text, Marks: []Mark{{markLink, rawLink}}}, {Type: typeText, Text: " b"}}}
	}
	after := &Node{Type: typeParagraph, Content: []*Node{{Type: typeText, Text: "after"}}}
	for _, c := range []struct {
		blocks []*Node
		want   string
	}{
		{[]*Node{code("<!-- open"), after}, "```civicpress:markdown\n<!-- open\n```\n\nafter"},
		{[]*Node{code("<!-- open")}, "<!-- open"},
		{[]*Node{code("<div>\n\nmore"), after}, "<div>\n\nmore\n\nafter"},
		{[]*Node{code("just code"), after}, "```civicpress:markdown\njust code\n```\n\nafter"},
		{[]*Node{inline("<b")}, "a <b b"},
		{[]*Node{inline("<b>")}, "a <b> b"},
		{[]*Node{inline("*x*")}, "a \\*x\\* b"},
	} {
		if got := string(Canonical(&Node{Type: typeDoc, Content: c.blocks})); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestReferenceEscapes: what the existing escapes cannot say has a form of its own.
func TestReferenceEscapes(t *testing.T) {
	for _, c := range []struct{ id, label, want string }{
		{"a", `The "Big" -- Plan`, `<!--civic-ref type="record" id="a" label="The &quot;Big&quot; &#45;&#45; Plan"-->`},
		{"a--b", "L", `<!--civic-ref type="record" id="a&#45;&#45;b" label="L"-->`},
		{`a"b`, "L", `<!--civic-ref type="record" id="a&#34;b" label="L"-->`},
		{"a", "x &quot; y", `<!--civic-ref type="record" id="a" label="x &#38;quot; y"-->`},
		{"a", "x --> y", `<!--civic-ref type="record" id="a" label="x &#45;&#45;> y"-->`},
	} {
		doc := &Node{Type: typeDoc, Content: []*Node{{Type: typeParagraph, Content: []*Node{
			{Type: typeCivicRef, Attrs: []Attr{{"refType", "record"}, {"id", c.id}, {"label", c.label}}}}}}}
		out := string(Canonical(doc))
		if out != c.want {
			t.Errorf("got %s, want %s", out, c.want)
		}
		back, err := Parse([]byte(out))
		if err != nil {
			t.Fatal(err)
		}
		if !Equal(back, doc) {
			t.Errorf("%s reads back as %s", out, jsonOf(t, back))
		}
	}
}
