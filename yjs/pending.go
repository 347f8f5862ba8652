package yjs

import "fmt"

// mustMerge merges updates that have been checked.
func mustMerge(updates ...[]byte) []byte {
	u, err := mergeInternal(updates)
	if err != nil {
		panic(fmt.Sprintf("yjs: merge of pending updates: %v", err))
	}
	return u
}
