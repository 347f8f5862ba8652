// Package yjs is a document engine for Yjs 13.6 documents.
//
// Inside the package everything works on update format V1: a blockReader
// reads an update struct by struct, appendBlock writes a struct. Format V2
// holds the same structs in another arrangement of bytes and is read and
// written by way of blocks; what V2 can hold and V1 cannot (values in embeds
// and marks that JSON does not have) is kept as raw values, see block.data.
package yjs
