package yjs

import "fmt"

// mustMerge merges two updates that this package has written.
func mustMerge(a, b []byte) []byte {
	u, err := mergeInternal([][]byte{a, b})
	if err != nil {
		panic(fmt.Sprintf("yjs: merge of pending updates: %v", err))
	}
	return u
}
