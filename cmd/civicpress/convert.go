package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
)

var convertCommand = command{
	name:  "convert",
	args:  "[--canonical | --check | --jsonl] [FILE…]",
	short: "see what the editor makes of Markdown",
	long: `Reads Markdown (without front matter) from the files, or from stdin, and prints the
editor's tree as ProseMirror JSON, one line a text.

With --canonical it prints the Markdown that the existing serializer makes of it.
With --check it says whether opening and writing back changes a single byte, and
where; exit code 3 if so.

With --jsonl it answers requests, one JSON object a line on stdin, with one a line
on stdout; documents are Yjs updates in base64, and seeds have client id 1:

  {"op":"parse","markdown":M}                      {"pm":…,"update_b64":…}
  {"op":"canonical","update_b64":U}                {"markdown":…}
  {"op":"roundtrip","markdown":M}                  {"markdown":…}  seeded, not edited, written with its source
  {"op":"render","markdown":M,"update_b64":U}      {"markdown":…}  seeded, edited with U, written with its source
  {"op":"merge","markdown":M,"update_b64":U,"new":N}  {"markdown":…}  … and N merged as a change from outside

A request that fails is answered with {"error":"…"}.`,
	run: func(_ context.Context, p program, c *invocation) error {
		var canonical, check, jsonl bool
		files, err := c.parse(func(fs *flag.FlagSet) {
			fs.BoolVar(&canonical, "canonical", false, "print canonical Markdown")
			fs.BoolVar(&check, "check", false, "say what writing back would change")
			fs.BoolVar(&jsonl, "jsonl", false, "answer requests on stdin")
		}, -1)
		if err != nil {
			return err
		}
		modes := 0
		for _, on := range []bool{canonical, check, jsonl} {
			if on {
				modes++
			}
		}
		switch {
		case modes > 1:
			return usage("choose one of --canonical, --check and --jsonl")
		case jsonl && len(files) > 0:
			return usage("--jsonl reads stdin, not %q", files[0])
		case jsonl:
			return answerRequests(p.stdin, p.stdout)
		case check:
			return eachText(p, files, checkText(p.stdout))
		case canonical:
			return eachText(p, files, printCanonical(p.stdout))
		}
		return eachText(p, files, printTree(p.stdout))
	},
}

// eachText calls fn for every file, or for stdin.
func eachText(p program, files []string, fn func(name string, src []byte) error) error {
	if len(files) == 0 {
		src, err := io.ReadAll(p.stdin)
		if err != nil {
			return fmt.Errorf("read stdin: %w", err)
		}
		return fn("stdin", src)
	}
	var problems error
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		switch err := fn(file, src); {
		case errors.Is(err, errProblems):
			problems = err
		case err != nil:
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return problems
}

func printTree(w io.Writer) func(string, []byte) error {
	return func(_ string, src []byte) error {
		tree, err := markdown.Parse(src)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(tree)
	}
}

func printCanonical(w io.Writer) func(string, []byte) error {
	return func(_ string, src []byte) error {
		tree, err := markdown.Parse(src)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", markdown.Canonical(tree))
		return err
	}
}

// checkText opens a text and writes it back as a room would.
func checkText(w io.Writer) func(string, []byte) error {
	return func(name string, src []byte) error {
		d, err := seedDocument(string(src))
		if err != nil {
			return err
		}
		back, err := d.render()
		if err != nil {
			return err
		}
		if back == string(src) {
			fmt.Fprintf(w, "%s: stays as it is, byte for byte\n", name)
			return nil
		}
		at := 1
		for i := range min(len(back), len(src)) {
			if back[i] != src[i] {
				break
			}
			if src[i] == '\n' {
				at++
			}
		}
		fmt.Fprintf(w, "%s: would change, first in line %d\n", name, at)
		return errProblems
	}
}

// request is one line of --jsonl.
type request struct {
	Op       string `json:"op"`
	Markdown string `json:"markdown"`
	Update   []byte `json:"update_b64"`
	New      string `json:"new"`
}

// response is the answer; what is nil is left out.
type response struct {
	PM       *markdown.Node `json:"pm,omitempty"`
	Update   []byte         `json:"update_b64,omitempty"`
	Markdown *string        `json:"markdown,omitempty"`
	Error    string         `json:"error,omitempty"`
}

// maxLine bounds a request: the largest text, escaped, with an update.
const maxLine = 8 * markdown.MaxSource

func answerRequests(r io.Reader, w io.Writer) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := out.Encode(answerRequest(lines.Bytes())); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read requests: %w", err)
	}
	return nil
}

func answerRequest(line []byte) response {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return response{Error: "not a request: " + err.Error()}
	}
	answer, err := r.do()
	if err != nil {
		return response{Error: err.Error()}
	}
	return answer
}

func (r request) do() (response, error) {
	switch r.Op {
	case "parse":
		return r.parse()
	case "canonical":
		doc := yjs.NewDoc(yjs.Options{})
		if err := doc.ApplyUpdate(r.Update, nil); err != nil {
			return response{}, fmt.Errorf("update_b64: %w", err)
		}
		return inMarkdown(string(markdown.Canonical(markdown.Read(doc.XMLFragment(markdown.FragmentName)))), nil)
	case "roundtrip", "render", "merge":
		d, err := seedDocument(r.Markdown)
		if err != nil {
			return response{}, err
		}
		if r.Op != "roundtrip" {
			if err := d.doc.ApplyUpdate(r.Update, nil); err != nil {
				return response{}, fmt.Errorf("update_b64: %w", err)
			}
		}
		if r.Op == "merge" {
			if d.source, err = markdown.Merge(d.doc, d.source, []byte(r.New), nil); err != nil {
				return response{}, fmt.Errorf("new: %w", err)
			}
		}
		return inMarkdown(d.render())
	}
	return response{}, fmt.Errorf("op is %q, not parse, canonical, roundtrip, render or merge", r.Op)
}

func (r request) parse() (response, error) {
	tree, err := markdown.Parse([]byte(r.Markdown))
	if err != nil {
		return response{}, err
	}
	seeded, err := markdown.Seed([]byte(r.Markdown), markdown.SeedOptions{ClientID: seedClient})
	if err != nil {
		return response{}, err
	}
	return response{PM: tree, Update: seeded.Update}, nil
}

func inMarkdown(text string, err error) (response, error) {
	return response{Markdown: &text}, err
}

// seedClient is the client id of seeds here, so that answers can be compared.
const seedClient = 1

// seededDocument is a document with the text it grew from.
type seededDocument struct {
	doc    *yjs.Doc
	source *markdown.Source
}

func seedDocument(text string) (*seededDocument, error) {
	seeded, err := markdown.Seed([]byte(text), markdown.SeedOptions{ClientID: seedClient})
	if err != nil {
		return nil, err
	}
	doc := yjs.NewDoc(yjs.Options{})
	if err := doc.ApplyUpdate(seeded.Update, nil); err != nil {
		return nil, fmt.Errorf("apply the seed: %w", err)
	}
	return &seededDocument{doc, seeded.Source}, nil
}

func (d *seededDocument) render() (string, error) {
	text, err := markdown.Render(d.doc.XMLFragment(markdown.FragmentName), d.source)
	return string(text), err
}
