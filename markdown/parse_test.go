package markdown

import "testing"

func TestParseCorpus(t *testing.T) {
	for _, file := range []string{"markdown-dev.jsonl", "commonmark-dev.jsonl"} {
		for _, c := range readCorpus(t, file) {
			t.Run(c.Name, func(t *testing.T) {
				got, err := Parse([]byte(c.Markdown))
				if err != nil {
					t.Fatal(err)
				}
				if !Equal(got, c.PM) {
					t.Errorf("guard %v %q\n got %s\nwant %s", c.UIGuard, c.Markdown, jsonOf(t, got), jsonOf(t, c.PM))
				}
			})
		}
	}
}
