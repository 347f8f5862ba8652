package markdown

import "fmt"

// Limits of one document. Inside them time and memory grow with the size of the source.
const (
	// MaxSource is the longest Markdown source in bytes.
	MaxSource = 32 << 20
	// MaxNodes is the largest number of nodes in a document.
	MaxNodes = 1 << 20
	// MaxDepth is how deep quotes and lists may nest as nodes. What lies deeper is carried
	// as raw Markdown (see doc.go): browsers recurse over the tree.
	MaxDepth = 200
)

// LimitError says that a document is too large to be edited.
type LimitError struct {
	What        string
	Unit        string
	Size, Limit int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("markdown: %s has %d %s, more than the limit of %d; split the record", e.What, e.Size, e.Unit, e.Limit)
}
