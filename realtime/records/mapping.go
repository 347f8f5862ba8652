package records

import "errors"

// mapping is the converter over package markdown.
type mapping struct{}

var errTODO = errors.New("todo")

func (mapping) seed(id, text string) (seeded, error)                { return seeded{}, errTODO }
func (mapping) source(text string) ([]byte, error)                  { return nil, errTODO }
func (mapping) render(state, source []byte) (string, []byte, error) { return "", nil, errTODO }
func (mapping) merge(state, source []byte, text string) ([]byte, []byte, error) {
	return nil, nil, errTODO
}
