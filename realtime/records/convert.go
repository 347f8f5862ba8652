package records

// converter maps between Markdown and document states. The tests have one of
// their own that is simple enough to predict.
type converter interface {
	// seed makes the first state of a record from its Markdown.
	seed(id, text string) (seeded, error)
	// source makes the source of a text that the document does not show,
	// as the base of a merge into it.
	source(state []byte, text string) ([]byte, error)
	// render returns the Markdown of a state, with the bytes of unchanged
	// blocks taken from source (nil = none), and the source that belongs to
	// the result.
	render(state, source []byte) (text string, newSource []byte, err error)
	// merge returns the update that brings the change from source to text
	// into a state (nil if it has it already), and the source of text.
	merge(state, source []byte, text string) (update, newSource []byte, err error)
}

type seeded struct {
	state   []byte
	lineage string
	source  []byte
}
