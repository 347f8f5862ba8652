package markdown

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// corpusCase is one line of a corpus file: what the existing editor makes of an input. Own
// cases live in testdata; a larger corpus is used where it is there.
type corpusCase struct {
	Name        string  `json:"name"`
	Markdown    string  `json:"markdown"`
	PM          *Node   `json:"pm"`
	MarkdownOut *string `json:"markdown_out"`
	FromYjs     *string `json:"markdown_from_yjs"`
	ReadBack    *string `json:"markdown_pm"` // of the pm tree; markdown_out is of the Yjs tree then
	UIGuard     bool    `json:"ui_guard"`
	Reparse     *bool   `json:"reparse_equal"`
	Update      []byte  `json:"yjs_update_b64"`
	MalUpdate   []byte  `json:"update_b64"`
	StateVector []byte  `json:"state_vector_b64"`
	XML         string  `json:"xml"`
	XMLAfter    *string `json:"xml_after"`
	Kept        bool    `json:"-"` // of a malformed document: written, and nothing deleted
}

// corpusFiles returns the files of that name, own ones first.
func corpusFiles(t testing.TB, name string) []string {
	t.Helper()
	var files []string
	for _, dir := range []string{"testdata", filepath.Join("..", "..", "shared", "corpus")} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	return files
}

func readCorpus(t testing.TB, name string) (cases []corpusCase) {
	t.Helper()
	for _, file := range corpusFiles(t, name) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		sc.Buffer(nil, 16<<20)
		for sc.Scan() {
			var c corpusCase
			if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			c.Kept = c.XMLAfter != nil && *c.XMLAfter == c.XML && bytes.Contains(sc.Bytes(), []byte(`"markdown":`))
			cases = append(cases, c)
		}
		if err := sc.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
