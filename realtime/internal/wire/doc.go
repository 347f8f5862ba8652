// Package wire holds the bytes that go to a client: WebSocket frames around
// y-protocols messages, the JSON control frames, and the close codes.
//
// A Frame is a whole server-to-client WebSocket frame. Those carry no mask, so
// one encoding serves every member of a room: the room encodes once, the
// sockets only copy. Frames are immutable once made and may be shared by any
// number of goroutines.
//
// Everything here is a pure function; nothing blocks, logs or starts anything.
package wire
