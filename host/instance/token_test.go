package instance

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Made with Node's crypto module: hkdfSync, createHmac, createHash.
const (
	nodeSecret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	nodeToken  = "abababababababababababababababababababababababababababababababab.aa743937197607128c1ae41861070674c7b46375efae06064c7e014cdfbe2ced"
	nodeHash   = "271a413bd339c5709fdceaec41f14f11e9fbfb5042d72d331c65f32b284cd09a"
)

func nodeSigner(t testing.TB) signer {
	t.Helper()
	secret, err := decodeSecret(nodeSecret, "test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokensOfTheNodeCore(t *testing.T) {
	s := nodeSigner(t)
	if hash, ok := s.open(nodeToken); !ok || hash != nodeHash {
		t.Errorf("got %q, %v, want %q", hash, ok, nodeHash)
	}
	if got := hex.EncodeToString(s.key); got != "da57e788dc01ff71c9341b9be51afc27aed66b24fcd08224bf15a142d6c4e324" {
		t.Errorf("got key %s", got)
	}
	token, hash := s.issue()
	if got, ok := s.open(token); !ok || got != hash || len(token) != 129 {
		t.Errorf("an issued token does not open: %q", token)
	}
	for i := range len(token) {
		flipped := []byte(token)
		flipped[i] ^= 1
		if _, ok := s.open(string(flipped)); ok {
			t.Errorf("a token changed at %d opens", i)
		}
	}
}

func FuzzToken(f *testing.F) {
	s := nodeSigner(f)
	f.Add(nodeToken)
	f.Add(".")
	f.Add(strings.Repeat("a", 64) + "." + strings.Repeat("g", 64))
	f.Fuzz(func(t *testing.T, token string) {
		if hash, ok := s.open(token); ok && !strings.EqualFold(token, nodeToken) {
			t.Errorf("forged: %q opens as %s", token, hash)
		}
	})
}

func TestRootSecret(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret.txt")
	good := strings.Repeat("ab", 40)
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "  "+good+"\n")
	system := filepath.Join(dir, "system")
	if err := os.Mkdir(system, 0o755); err != nil {
		t.Fatal(err)
	}
	yml := filepath.Join(system, "secrets.yml")

	read := func(env map[string]string) (string, error) {
		b, err := rootSecret(system, func(k string) string { return env[k] })
		return hex.EncodeToString(b), err
	}
	refused := func(name string, env map[string]string, want ...string) {
		t.Helper()
		_, err := read(env)
		if !errors.Is(err, ErrNoSecret) {
			t.Errorf("%s: got %v, want ErrNoSecret", name, err)
			return
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not name %q", name, err, w)
			}
		}
	}

	refused("nothing there", nil, "CIVICPRESS_SECRET", yml)
	refused("production does not generate", map[string]string{"NODE_ENV": "production"})
	refused("short", map[string]string{"CIVICPRESS_SECRET": "abcd"}, "CIVICPRESS_SECRET", "64")
	refused("not hex", map[string]string{"CIVICPRESS_SECRET": strings.Repeat("zz", 40)}, "hex")
	refused("not hex in the odd digit", map[string]string{"CIVICPRESS_SECRET": good + "x"}, "hex")
	refused("missing file", map[string]string{"CIVICPRESS_SECRET_FILE": file + ".no"}, "CIVICPRESS_SECRET_FILE", "does not exist")

	if got, err := read(map[string]string{"CIVICPRESS_SECRET_FILE": file}); err != nil || got != good {
		t.Errorf("file: got %s, %v", got, err)
	}
	if got, err := read(map[string]string{"CIVICPRESS_SECRET": strings.Repeat("cd", 32) + "e", "CIVICPRESS_SECRET_FILE": file}); err != nil || got != strings.Repeat("cd", 32) {
		t.Errorf("the environment comes first, its odd digit is dropped: got %s, %v", got, err)
	}

	generated, err := read(map[string]string{"CIVICPRESS_ALLOW_GENERATED_SECRET": "true"})
	if err != nil || len(generated) != 128 {
		t.Fatalf("got %q, %v", generated, err)
	}
	if info, err := os.Stat(yml); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secrets.yml: %v, %v, want mode 0600", info.Mode(), err)
	}
	if got, err := read(nil); err != nil || got != generated {
		t.Errorf("the generated secret is not found again: %v", err)
	}
	if got, err := generateSecret(yml); err != nil || hex.EncodeToString(got) != generated {
		t.Errorf("generating again must use what is there: %v", err)
	}
	write(yml, "secret: ["+good)
	refused("broken file", map[string]string{"NODE_ENV": "test"}, yml)
	if _, err := read(nil); err == nil || strings.Contains(err.Error(), "abab") {
		t.Errorf("the error quotes the secret: %v", err)
	}
}
