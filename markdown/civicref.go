package markdown

import "strings"

// A CivicPress reference stands in the text as a comment:
//
//	<!--civic-ref type="record" id="bylaw-12" label="By-law 12"-->
//
// The attributes stand in this order with any white space between them; type and id are not
// empty; no value holds a quote.
const civicRefOpen = "<!--civic-ref"

type civicRef struct{ typ, id, label string }

// civicRefLen returns the length of the reference that s begins with, or 0.
func civicRefLen(s string) int {
	_, n := parseCivicRef(s)
	return n
}

func parseCivicRef(s string) (ref civicRef, n int) {
	if !strings.HasPrefix(s, civicRefOpen) {
		return ref, 0
	}
	i := len(civicRefOpen)
	for _, a := range [...]struct {
		name  string
		value *string
	}{{`type="`, &ref.typ}, {`id="`, &ref.id}, {`label="`, &ref.label}} {
		from := i
		i = skipJSSpace(s, i)
		if i == from || !strings.HasPrefix(s[i:], a.name) {
			return ref, 0
		}
		i += len(a.name)
		end := strings.IndexByte(s[i:], '"')
		if end < 0 {
			return ref, 0
		}
		*a.value = s[i : i+end]
		i += end + 1
	}
	i = skipJSSpace(s, i)
	if ref.typ == "" || ref.id == "" || !strings.HasPrefix(s[i:], "-->") {
		return ref, 0
	}
	return ref, i + len("-->")
}

func (r civicRef) attrs() []Attr {
	switch r.typ {
	case "record", "geography", "attachment":
	default:
		r.typ = "record"
	}
	return []Attr{{"refType", r.typ}, {"id", unescapeID.Replace(r.id)}, {"label", unescapeLabel.Replace(r.label)}}
}

// The existing editor writes " as &quot; and -- as &#45;&#45;, but undoes neither in the id.
// We undo what it writes for dashes, and read two more forms that we write where its own
// would not read back: a quote in an id, and & where a label already holds such a form.
var (
	unescapeID    = strings.NewReplacer("&#45;&#45;", "--", "&#34;", `"`, "&#10;", "\n", "&#38;", "&")
	unescapeLabel = strings.NewReplacer("&quot;", `"`, "&#45;&#45;", "--", "&#10;", "\n", "&#38;", "&")
)
