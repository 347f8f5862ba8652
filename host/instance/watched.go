package instance

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// glance is for how long a look at a file's stamp counts: a crowd that joins
// would otherwise look at the same few files thousands of times a second.
const glance = 100 * time.Millisecond

// watchedFile is the parsed content of a small file in the data directory. It
// is read again at the first use that comes at least glance after the last look
// and finds another time stamp or size. A file that became unreadable leaves
// the last good content in place and is reported; only at the first reading a
// bad file is an error.
type watchedFile[T any] struct {
	root  *os.Root
	path  string // relative to root
	log   *slog.Logger
	parse func([]byte) (T, error)
	none  T // content that stands for a missing file

	mu     sync.Mutex
	looked time.Time // guarded by mu; when stamp was taken
	stamp  fileStamp // guarded by mu
	value  T         // guarded by mu
	err    error     // guarded by mu; why the present file is not used
}

type fileStamp struct {
	exists bool
	size   int64
	mtime  time.Time
}

func openWatched[T any](root *os.Root, path string, log *slog.Logger, none T, parse func([]byte) (T, error)) (*watchedFile[T], error) {
	f := &watchedFile[T]{root: root, path: path, log: log, parse: parse, none: none}
	stamp, err := f.stat()
	if err != nil {
		return nil, err
	}
	f.stamp = stamp
	f.value, err = f.read(stamp)
	return f, err
}

// get returns the content, and whether it is new since the last call.
func (f *watchedFile[T]) get() (value T, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Sub(f.looked) < glance {
		return f.value, false
	}
	f.looked = now
	stamp, err := f.stat()
	if err == nil && stamp == f.stamp {
		return f.value, false
	}
	if err == nil {
		f.stamp = stamp
		value, err = f.read(stamp)
	}
	if err != nil {
		if f.err == nil || f.err.Error() != err.Error() {
			f.log.Error("file not usable, the last good version stays in force", "file", f.path, "error", err)
		}
		f.err = err
		return f.value, false
	}
	f.value, f.err = value, nil
	f.log.Info("file read again", "file", f.path)
	return f.value, true
}

// fault is why the present file is not in force; nil if it is.
func (f *watchedFile[T]) fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// stat looks past the root, which would open each folder on the way: reading
// does not.
func (f *watchedFile[T]) stat() (fileStamp, error) {
	return stampOf(filepath.Join(f.root.Name(), f.path))
}

func stampOf(path string) (fileStamp, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fileStamp{}, nil
	case err != nil:
		return fileStamp{}, err
	}
	return fileStamp{true, info.Size(), info.ModTime()}, nil
}

func (f *watchedFile[T]) read(stamp fileStamp) (T, error) {
	if !stamp.exists {
		return f.none, nil
	}
	src, err := f.root.ReadFile(f.path)
	if err != nil {
		return f.none, err
	}
	return f.parse(src)
}
