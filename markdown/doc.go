// Package markdown maps between Markdown and the document that people edit, both ways.
//
//	Parse      Markdown -> tree          the existing editor's tree, node for node
//	Canonical  tree -> Markdown          the existing serializer's bytes, where they read back
//	Write      tree -> Yjs               as y-prosemirror stores it
//	Read       Yjs -> tree               any document, never changing it
//	Seed       Markdown -> update        deterministic, with the Source beside it
//	Render     Yjs + Source -> Markdown  untouched blocks keep their bytes
//	Merge      a change from outside, into the live document
//
// All functions are pure but for the document they are given, start no goroutine, do no I/O
// and may be called concurrently for different documents. Parse, Canonical, Read, Seed and
// Render take time and memory linear in the size of what they read. A source or tree above
// the limits (MaxSource, MaxNodes) gives a *LimitError; nothing panics.
//
// # What the tree is
//
// CommonMark 0.31 with tables, exactly as CivicPress's editor reads it: lines of a paragraph
// are joined by a space, list tightness and bullet characters are not in the tree, every list
// item begins with a paragraph, cells carry the alignment of their column, links are
// normalized and those that run code stay text. Link definitions make no node, the links
// carry their targets. HTML comments of the form <!--civic-ref …--> are references.
// Where that editor loses content, Parse keeps it:
//
//   - HTML blocks, inline HTML, comments and footnotes are carried as raw Markdown (below);
//   - a reference at the start of a line is a reference (there: the line is lost);
//   - <br> in a table cell or heading is a line break (there: dropped);
//   - an image's alternative text is whole (there: cut at its first mark);
//   - a list may start at 0 (there: 1);
//   - nesting is kept to MaxDepth (there: to 20), below it as raw Markdown;
//   - in the id of a reference &#45;&#45; is --, as the serializer writes it (there: literal).
//
// One difference is kept though it changes the reading: after an opening bracket without
// partner the existing editor overlooks code spans if a stray backtick follows later. We read
// what CommonMark says.
//
// # Raw Markdown
//
// The stock schema has no node for some constructs, and an unknown node makes stock clients
// delete it for everybody. They are carried in nodes that every client has, visible and
// editable:
//
//   - a block as code_block with params "civicpress:markdown"; its text is the source as it
//     stands, without the prefixes of its containers;
//   - inline as text with the mark link{href: "civicpress:markdown"}.
//
// Canonical writes both as they stand, provided that the text begins with such a construct
// and leaves what follows alone (an unclosed comment would not). Otherwise a raw block is
// written as the fenced code block that it looks like, and raw text as plain text. Real code
// blocks and links of that name are carried raw themselves, fence and all, so that nothing
// typed in Markdown can be mistaken for the mark of something else. A link around inline HTML
// is carried raw as a whole, because text has but one link.
//
// # What Canonical changes
//
// Canonical tries the existing serializer's form of each paragraph, heading and cell, reads
// it back, and only if the content differs writes it carefully: with escapes (\<, \&amp;,
// 1\), # at the end of a heading, block signs after a line break), numeric entities next to
// delimiters, _ beside **, padded code, encoded targets. Structure that would not read back
// is written otherwise throughout:
//
//   - a list item that begins with another block has it behind the marker, not after a blank
//     line that ends the item;
//   - a list next to another of its kind gets the other marker (- or a parenthesis);
//   - heading levels are 1 to 6, list numbers have at most nine digits;
//   - line breaks in headings are <br>; a table's header is as long as its longest row; other
//     blocks in a cell become its lines;
//   - a fence is of tildes if the params hold a backtick.
//
// # Normal form
//
// Parse(Canonical(doc)) is doc in normal form. Markdown cannot say, and the normal form lacks:
// empty paragraphs between others, white space at the ends of blocks and after line breaks,
// marks on white space at their ends, breaks at the end of a block, the kind of white space
// around a line ending inside text, different alignments in one column, cell spans and widths,
// tables without a header row, blocks in cells, unnormalized or forbidden link targets
// (these stay as text), empty tables and lists.
package markdown
