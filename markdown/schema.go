package markdown

// Names of the editor's schema.
const (
	typeDoc         = "doc"
	typeParagraph   = "paragraph"
	typeBlockquote  = "blockquote"
	typeRule        = "horizontal_rule"
	typeHeading     = "heading"
	typeCodeBlock   = "code_block"
	typeText        = "text"
	typeImage       = "image"
	typeHardBreak   = "hard_break"
	typeOrderedList = "ordered_list"
	typeBulletList  = "bullet_list"
	typeListItem    = "list_item"
	typeTable       = "table"
	typeTableRow    = "table_row"
	typeTableCell   = "table_cell"
	typeTableHeader = "table_header"
	typeCivicRef    = "civicRef"

	markLink   = "link"
	markEm     = "em"
	markStrong = "strong"
	markCode   = "code"
)

// content is what a node may contain.
type content uint8

const (
	contentNone   content = iota // a leaf
	contentInline                // text and inline nodes
	contentText                  // text without marks
	contentBlocks                // one block or more
	contentItems                 // list items
	contentItem                  // a paragraph, then blocks
	contentRows                  // table rows
	contentCells                 // table cells and headers
)

// nodeSpec is one line of the schema table.
type nodeSpec struct {
	content content
	inline  bool
	attrs   []Attr // with their defaults, in the schema's order
}

var schema = map[string]*nodeSpec{
	typeDoc:         {content: contentBlocks},
	typeParagraph:   {content: contentInline},
	typeBlockquote:  {content: contentBlocks},
	typeRule:        {},
	typeHeading:     {content: contentInline, attrs: []Attr{{"level", 1}}},
	typeCodeBlock:   {content: contentText, attrs: []Attr{{"params", ""}}},
	typeText:        {inline: true},
	typeImage:       {inline: true, attrs: []Attr{{"src", ""}, {"alt", nil}, {"title", nil}}},
	typeHardBreak:   {inline: true},
	typeOrderedList: {content: contentItems, attrs: []Attr{{"order", 1}}},
	typeBulletList:  {content: contentItems},
	typeListItem:    {content: contentItem},
	typeTable:       {content: contentRows},
	typeTableRow:    {content: contentCells},
	typeTableCell:   {content: contentBlocks, attrs: cellAttrs("")},
	typeTableHeader: {content: contentBlocks, attrs: cellAttrs("")},
	typeCivicRef:    {inline: true, attrs: []Attr{{"refType", "record"}, {"id", ""}, {"label", ""}}},
}

// markRank orders the marks of one text run.
func markRank(name string) int {
	switch name {
	case markLink:
		return 0
	case markEm:
		return 1
	case markStrong:
		return 2
	case markCode:
		return 3
	}
	return 4
}

func cellAttrs(align string) []Attr {
	var a any
	if align != "" {
		a = align
	}
	return []Attr{{"colspan", 1}, {"rowspan", 1}, {"colwidth", nil}, {"align", a}}
}
