package yjs

import "fmt"

// mergeInternal merges updates that this package has written; they may hold
// raw values.
func mergeInternal(us ...[]byte) ([]byte, error) {
	return mergeUpdates(us, true, &v1Writer{internal: true})
}

// mustMerge merges updates that have been checked.
func mustMerge(us ...[]byte) []byte {
	u, err := mergeInternal(us...)
	if err != nil {
		panic(fmt.Sprintf("yjs: merge of pending updates: %v", err))
	}
	return u
}
