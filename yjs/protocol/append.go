package protocol

import (
	"math/bits"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// AppendSyncStep1 appends the frame that announces sv, an encoded state
// vector, and asks for what it lacks.
func AppendSyncStep1(dst, sv []byte) []byte {
	return appendFrame(dst, sv, MessageSync, SyncStep1)
}

// AppendSyncStep2 appends the frame that answers a sync step 1 with update.
func AppendSyncStep2(dst, update []byte) []byte {
	return appendFrame(dst, update, MessageSync, SyncStep2)
}

// AppendUpdate appends the frame that passes on update.
func AppendUpdate(dst, update []byte) []byte {
	return appendFrame(dst, update, MessageSync, SyncUpdate)
}

// AppendAwareness appends the frame for an awareness update.
func AppendAwareness(dst, awarenessUpdate []byte) []byte {
	return appendFrame(dst, awarenessUpdate, MessageAwareness)
}

// AppendPermissionDenied appends the auth frame that tells a client why it may
// not read or write.
func AppendPermissionDenied(dst []byte, reason string) []byte {
	dst = append(dst, MessageAuth, AuthPermissionDenied)
	return lib0.AppendString(dst, reason)
}

// AppendQueryAwareness appends the frame that asks for all awareness states.
func AppendQueryAwareness(dst []byte) []byte {
	return append(dst, MessageQueryAwareness)
}

// AppendedSize returns the most bytes that an Append function adds for a
// payload of n bytes: a caller that makes a buffer of that capacity allocates
// once.
func AppendedSize(n int) int {
	return 2 + (bits.Len(uint(n)|1)+6)/7 + n
}

func appendFrame(dst, payload []byte, head ...byte) []byte {
	dst = append(dst, head...)
	return lib0.AppendBytes(dst, payload)
}
