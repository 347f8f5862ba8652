package yjs

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordedSessions plays what real editors have sent, if recordings lie
// beside the repository: in order, and shuffled with repetitions.
func TestRecordedSessions(t *testing.T) {
	files, _ := filepath.Glob("../../shared/corpus/sessions/*.jsonl")
	if len(files) == 0 {
		t.Skip("no recorded sessions")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			updates, final := readSession(t, file)
			d := testDoc(t, Options{}, updates...)
			sv, _ := base64.StdEncoding.DecodeString(final["state_vector_b64"].(string))
			want, err := DecodeStateVector(sv)
			if err != nil || !bytes.Equal(d.EncodeStateVector(), want.Encode()) {
				t.Errorf("state vector %v, want %v (%v)", d.StateVector(), want, err)
			}
			u, _ := base64.StdEncoding.DecodeString(final["update_b64"].(string))
			if w := testDoc(t, Options{}, u); show(d) != show(w) || !bytes.Equal(deletesOf(d), deletesOf(w)) {
				t.Errorf("got\n%s\nwant\n%s", show(d), show(w))
			}
			if strings.Contains(file, "surrogate") {
				return // cut pairs need not converge
			}
			r := rand.New(rand.NewPCG(1, 1))
			more := append(append([][]byte{}, updates...), updates[:len(updates)/3]...)
			r.Shuffle(len(more), func(i, j int) { more[i], more[j] = more[j], more[i] })
			if s := testDoc(t, Options{}, more...); show(s) != show(d) || s.HasPending() {
				t.Error("shuffled, it is another document")
			}
		})
	}
}

func readSession(t *testing.T, file string) (updates [][]byte, final map[string]any) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var line map[string]any
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		switch line["kind"] {
		case "update":
			b, err := base64.StdEncoding.DecodeString(line["b64"].(string))
			if err != nil {
				t.Fatal(err)
			}
			updates = append(updates, b)
		case "final":
			final = line
		}
	}
	if err := in.Err(); err != nil || final == nil {
		t.Fatal("no final line", err)
	}
	return updates, final
}
