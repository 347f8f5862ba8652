// Package disk is the file system as the stores need it, so that tests can make
// exactly one operation fail and stop the world after each.
package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/civicpress/realtimefx/realtime/internal/uring"
	"github.com/civicpress/realtimefx/realtime/store"
)

// OS is a file system. The first argument names the operation for tests; the
// real one ignores it.
type OS interface {
	MkdirAll(op, dir string) error
	// Create makes a new empty file for writing; one that is there is an
	// error.
	Create(op, name string) (File, error)
	ReadFile(op, name string) ([]byte, error)
	ReadDir(op, dir string) ([]fs.DirEntry, error)
	Rename(op, from, to string) error
	Remove(op, name string) error
	RemoveAll(op, dir string) error
	// Truncate shortens a file that is not open.
	Truncate(op, name string, size int64) error
	// SyncDir makes creations, renames and removals in a folder durable.
	SyncDir(op, dir string) error
	// ReadAt reads part of a file.
	ReadAt(op, name string, b []byte, off int64) error
}

// File is a file open for writing.
type File interface {
	io.Writer
	Sync() error
	// Commit is Write, and returns when b is on disk. It is for files to which
	// little is added often. What was written before must be synced already.
	Commit(b []byte) (n int, err error)
	Close() error
}

// Replace writes a file so that after a crash either the old or the new one is
// there, whole. what names it in the operations.
func Replace(o OS, what, name string, b []byte) error {
	tmp := name + ".tmp"
	if err := o.Remove("remove old temporary "+what, tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := o.Create("create "+what, tmp)
	if err != nil {
		return err
	}
	n, err := f.Write(b)
	if err == nil && n < len(b) {
		err = errors.New("short write")
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = o.Rename("rename "+what, tmp, name)
	}
	if err != nil {
		_ = o.Remove("remove failed "+what, tmp) // best effort
		return err
	}
	return o.SyncDir("sync folder of "+what, filepath.Dir(name))
}

// Keep copies bytes that cannot be used to a file in a folder, which is made if
// it is missing.
func Keep(o OS, dir, name string, b []byte) error {
	if err := o.MkdirAll("make damaged folder", dir); err != nil {
		return err
	}
	return Replace(o, "damaged", filepath.Join(dir, name), b)
}

// Kept lists the files of such a folder.
func Kept(o OS, dir string) (list []store.Damage, err error) {
	files, err := o.ReadDir("list damaged", dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		list = append(list, store.Damage{What: "file " + f.Name(), Reason: "it was kept in " + dir})
	}
	return list, err
}

// Real is the file system of the machine. Files and folders that it makes are
// the owner's only.
type Real struct{}

// MkdirAll implements OS.
func (Real) MkdirAll(_, dir string) error { return os.MkdirAll(dir, 0o700) }

// Create implements OS.
func (Real) Create(_, name string) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &file{File: f}, nil
}

// file writes with the system call for files at a place, not with the one that
// sockets have as well: tests let all calls of a kind fail.
type file struct {
	*os.File
	end   int64
	ring  *uring.Ring // nil = there is none, or none was asked for
	asked bool
}

func (f *file) Write(b []byte) (int, error) {
	n, err := f.WriteAt(b, f.end)
	f.end += int64(n)
	return n, err
}

// Commit implements File.
func (f *file) Commit(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, f.Sync()
	}
	if !f.asked {
		f.asked = true
		f.ring, _ = uring.New(2, true) // plain system calls do
	}
	if f.ring != nil && !f.ring.Broken() {
		// What was written and not synced is written once more, to the same place.
		if n, err = f.inRing(b); !errors.Is(err, uring.ErrNotTaken) {
			f.end += int64(n)
			return n, err
		}
	}
	if n, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	return n, err
}

func (f *file) inRing(b []byte) (int, error) {
	fd := f.Fd()
	if fd == ^uintptr(0) {
		return 0, os.ErrClosed
	}
	f.ring.WriteSync(int(fd), b, f.end)
	f.ring.Submit()
	op := "write"
	n, err := f.ring.Result(0)
	if err == nil && n == len(b) {
		op = "sync"
		_, err = f.ring.Result(1)
	}
	runtime.KeepAlive(f.File)
	if err != nil {
		return n, &fs.PathError{Op: op, Path: f.Name(), Err: err} // as package os has it
	}
	return n, nil
}

// Close implements File.
func (f *file) Close() error {
	if f.ring != nil {
		f.ring.Close()
		f.ring = nil
	}
	return f.File.Close()
}

// ReadFile implements OS.
func (Real) ReadFile(_, name string) ([]byte, error) { return os.ReadFile(name) }

// ReadDir implements OS.
func (Real) ReadDir(_, dir string) ([]fs.DirEntry, error) { return os.ReadDir(dir) }

// Rename implements OS.
func (Real) Rename(_, from, to string) error { return os.Rename(from, to) }

// Remove implements OS.
func (Real) Remove(_, name string) error { return os.Remove(name) }

// RemoveAll implements OS.
func (Real) RemoveAll(_, dir string) error { return os.RemoveAll(dir) }

// Truncate implements OS.
func (Real) Truncate(_, name string, size int64) error { return os.Truncate(name, size) }

// SyncDir implements OS.
func (Real) SyncDir(_, dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// ReadAt implements OS.
func (Real) ReadAt(_, name string, b []byte, off int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadAt(b, off)
	return err
}
