//go:build linux || darwin

package main

import "syscall"

// freeBytes is the room that a program without special rights has on the file
// system of dir.
func freeBytes(dir string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
