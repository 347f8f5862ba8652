//go:build !unix

package disk

import "os"

// Lock keeps the file open for writing, which Windows lets only one process
// remove; it does not keep a second process out.
func Lock(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}
