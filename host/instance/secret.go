package instance

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// minSecretDigits is the least length of the root secret in hex digits.
const minSecretDigits = 64

// rootSecret finds the root secret as the core does: environment, file named
// in the environment, .system-data/secrets.yml; and generates one only where
// the core would.
func rootSecret(systemDir string, getenv func(string) string) ([]byte, error) {
	if s := getenv("CIVICPRESS_SECRET"); s != "" {
		return decodeSecret(s, "the environment variable CIVICPRESS_SECRET")
	}
	if path := getenv("CIVICPRESS_SECRET_FILE"); path != "" {
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%w: CIVICPRESS_SECRET_FILE: %s", ErrNoSecret, reason(err, path))
		}
		return decodeSecret(strings.TrimSpace(string(src)), "the file "+path+" (CIVICPRESS_SECRET_FILE)")
	}
	path := filepath.Join(systemDir, "secrets.yml")
	src, err := os.ReadFile(path)
	switch {
	case err == nil:
		var file struct {
			Secret string `yaml:"secret"`
		}
		if err := yaml.Unmarshal(src, &file); err != nil {
			// The message must not quote the file: it holds the secret.
			return nil, fmt.Errorf("%w: %s is not valid YAML", ErrNoSecret, path)
		}
		return decodeSecret(file.Secret, "the key secret in "+path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", ErrNoSecret, reason(err, path))
	}
	env := getenv("NODE_ENV")
	if env == "test" || env == "development" || getenv("CIVICPRESS_ALLOW_GENERATED_SECRET") == "true" {
		return generateSecret(path)
	}
	return nil, fmt.Errorf("%w: set CIVICPRESS_SECRET (at least %d hex digits) or CIVICPRESS_SECRET_FILE as for CivicPress itself, "+
		"or keep the secret in %s; CIVICPRESS_ALLOW_GENERATED_SECRET=true generates one there", ErrNoSecret, minSecretDigits, path)
}

// decodeSecret never puts the secret into its error.
func decodeSecret(s, where string) ([]byte, error) {
	if len(s) < minSecretDigits {
		return nil, fmt.Errorf("%w: %s has %d characters, at least %d hex digits are needed", ErrNoSecret, where, len(s), minSecretDigits)
	}
	// The core drops a last odd digit.
	b, err := hex.DecodeString(s[:len(s)&^1])
	if err != nil || !isHexDigit(s[len(s)-1]) {
		return nil, fmt.Errorf("%w: %s holds something other than hex digits", ErrNoSecret, where)
	}
	return b, nil
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// generateSecret writes a new secrets.yml, readable by its owner only. If
// another process was faster, its secret is used.
func generateSecret(path string) ([]byte, error) {
	secret := make([]byte, 64)
	_, _ = rand.Read(secret) // never fails
	text := fmt.Sprintf("secret: %x\ncreated: '%s'\nwarning: DO NOT COMMIT THIS FILE - It contains sensitive secrets\n",
		secret, isoMillis(time.Now()))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("generate secret: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return rootSecret(filepath.Dir(path), func(string) string { return "" })
	}
	if err != nil {
		return nil, fmt.Errorf("generate secret: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("generate secret: %w", err)
	}
	return secret, nil
}

// isoMillis is the time stamp format of the core's ISO columns: UTC with
// milliseconds and Z, so that text order is time order.
func isoMillis(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
