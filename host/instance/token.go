package instance

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A token on the wire is 64 hex digits, a dot, and the HMAC-SHA256 of those
// digits as text, in hex. The database holds the SHA-256 of the digits, so
// that neither a stolen database nor a guess yields a valid token.
const rawDigits = 64

// signer signs and verifies session tokens.
type signer struct {
	key []byte
}

// newSigner derives the session key from the root secret.
func newSigner(secret []byte) (signer, error) {
	key, err := hkdf.Key(sha256.New, secret, []byte("civicpress-secrets-v1"), "session:signing", 32)
	return signer{key}, err
}

// issue makes a new token and the hash under which it is stored.
func (s signer) issue() (token, hash string) {
	b := make([]byte, rawDigits/2)
	_, _ = rand.Read(b) // never fails
	raw := hex.EncodeToString(b)
	return raw + "." + hex.EncodeToString(s.mac(raw)), hashOf(raw)
}

// open verifies the signature in constant time and returns the hash under
// which the token is stored.
func (s signer) open(token string) (hash string, ok bool) {
	raw, signature, found := strings.Cut(token, ".")
	if !found || len(raw) != rawDigits || len(signature) != 2*sha256.Size {
		return "", false
	}
	sig, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(sig, s.mac(raw)) {
		return "", false
	}
	return hashOf(raw), true
}

func (s signer) mac(raw string) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(raw))
	return m.Sum(nil)
}

func hashOf(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return hex.EncodeToString(sum[:])
}
