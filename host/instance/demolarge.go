package instance

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// zoningBylawBytes is the size that zoningBylaw reaches.
const zoningBylawBytes = 200 << 10

// zoningBylaw writes a consolidated zoning bylaw of 200 KB: the same text at
// every call, but no two clauses alike.
func zoningBylaw() string {
	w := clauseWriter{rng: rand.New(rand.NewPCG(2025, 47))}
	w.WriteString(`---
id: zoning-bylaw-consolidated
title: 'Zoning Bylaw 2016-31 (office consolidation)'
type: bylaw
status: approved

author: alice
authors:
  - name: Alice Tremblay
    username: alice
    role: clerk

created: '2016-09-20T12:00:00.000Z'
updated: '2025-05-20T12:00:00.000Z'

tags:
  - zoning
  - consolidation
version: '31.18'
department: Planning

linked_geography_files:
  - id: geo-zoning-2025
    name: Zoning map 2025
---

# Zoning Bylaw 2016-31

*Office consolidation. It includes all amendments up to 20 May 2025 and is for convenience only; the certified text is kept by the clerk.*
`)
	for part := 1; w.Len() < zoningBylawBytes; part++ {
		zone := zoneCodes[(part-1)%len(zoneCodes)]
		w.printf("\n## Part %d – %s zone (%s)\n", part, zone.name, zone.code)
		for section := 1; section <= 8 && w.Len() < zoningBylawBytes; section++ {
			w.section(part, section, zone.code)
		}
	}
	return w.String()
}

var zoneCodes = []struct{ code, name string }{
	{"R-1", "Low density residential"}, {"R-2", "Medium density residential"}, {"R-3", "High density residential"},
	{"C-1", "Main street commercial"}, {"C-2", "Highway commercial"}, {"M-1", "Mixed use"}, {"I-1", "Light industrial"},
	{"I-2", "Harbour industrial"}, {"P-1", "Old port"}, {"A-1", "Agricultural"}, {"A-2", "Forest"}, {"V-1", "Vacation"},
	{"E-1", "Environmental protection"}, {"G-1", "Institutional"},
}

var (
	subjects  = []string{"The owner of a lot", "A person who holds a permit", "Every applicant", "A lessee of municipal land", "The operator of a business", "A contractor", "The occupant of a dwelling"}
	duties    = []string{"shall keep", "shall provide", "may erect", "shall not alter", "shall maintain", "must submit", "may replace", "shall not remove"}
	things    = []string{"a fence of not more than %d.%d metres in height", "a landscaped strip at least %d.%d metres wide", "an accessory building with a floor area of up to %d%d square metres", "a retaining wall lower than %d.%d metres", "a driveway of a width between %d and 1%d metres", "a survey dated within the last %d%d days", "bicycle racks for %d of every %d dwellings"}
	places    = []string{"along the front lot line", "within the rear yard", "between the building and the shore", "on a corner lot", "where the lot abuts a lane", "in the flood plain", "beside a heritage building", "within sight of the wharf"}
	provisos  = []string{"unless the development officer has approved otherwise in writing", "except during construction", "provided that drainage is not affected", "subject to section %d.%d", "for as long as the use continues", "with the consent of the adjoining owner", "notwithstanding any earlier permit", "if the slope exceeds %d%d per cent"}
	uses      = []string{"Single dwelling", "Duplex", "Row house", "Home occupation", "Day care", "Bed and breakfast", "Convenience store", "Workshop", "Marina", "Boat repair", "Greenhouse", "Community garden", "Parking structure", "Telecommunication tower"}
	approvals = []string{"permitted", "conditional", "not permitted", "permitted*"}
	reasons   = []string{"fire separation", "sight lines", "snow storage", "the protection of trees", "public access to the water", "quiet enjoyment", "the character of the street"}
)

// clauseWriter writes varied legal text.
type clauseWriter struct {
	strings.Builder
	rng    *rand.Rand
	clause int
}

func (w *clauseWriter) printf(format string, args ...any) { fmt.Fprintf(w, format, args...) }

func (w *clauseWriter) pick(from []string) string {
	s := from[w.rng.IntN(len(from))]
	args := make([]any, strings.Count(s, "%d"))
	for i := range args {
		args[i] = 1 + w.rng.IntN(9)
	}
	return fmt.Sprintf(s, args...)
}

func (w *clauseWriter) sentence() string {
	w.clause++
	return fmt.Sprintf("%s %s %s %s, %s.", w.pick(subjects), w.pick(duties), w.pick(things), w.pick(places), w.pick(provisos))
}

func (w *clauseWriter) section(part, section int, zone string) {
	w.printf("\n### %d.%d %s\n\n%s", part, section, w.pick(uses), w.sentence())
	w.printf(" This serves **%s** (see clause %d).\n", w.pick(reasons), 1+w.rng.IntN(w.clause))
	switch (part + section) % 5 {
	case 0:
		w.printf("\n| Use in %s | Status | Lot area (m²) | Frontage (m) |\n| --- | :-: | ---: | ---: |\n", zone)
		for range 4 + w.rng.IntN(5) {
			w.printf("| %s | %s | %d | %d.%d |\n", w.pick(uses), w.pick(approvals), 300+10*w.rng.IntN(170), 9+w.rng.IntN(40), w.rng.IntN(10))
		}
	case 1:
		w.WriteString("\n")
		for i := range 3 + w.rng.IntN(4) {
			w.printf("%d. %s\n", i+1, w.sentence())
		}
	case 2:
		w.WriteString("\n")
		for range 3 + w.rng.IntN(4) {
			w.printf("- %s\n", w.sentence())
			if w.rng.IntN(3) == 0 {
				w.printf("  - *%s*\n", w.pick(provisos))
			}
		}
	case 3:
		w.printf("\n> **Note.** %s %s\n", w.sentence(), w.sentence())
	default:
		for range 2 {
			w.printf("\n%s %s\n", w.sentence(), w.sentence())
		}
		w.printf("\nAmended by bylaw %d-%02d; see [the register](https://riviere-aux-pins.example/register/%d).\n",
			2017+w.rng.IntN(8), 1+w.rng.IntN(40), 1000+w.rng.IntN(9000))
	}
}

// benchRecord returns the n-th record for load tests, of about 2 KB.
func benchRecord(n int) demoFile {
	w := clauseWriter{rng: rand.New(rand.NewPCG(uint64(n), 2048))}
	w.printf("---\nid: bench-%d\ntitle: Bench record %d\ntype: bylaw\nstatus: approved\n\nauthor: alice\n\n"+
		"created: '2025-01-01T00:00:00.000Z'\nupdated: '2025-01-01T00:00:00.000Z'\n---\n\n# Bench record %d\n", n, n, n)
	for section := 1; w.Len() < 2000; section++ {
		w.section(1, section, "R-1")
	}
	f, err := newDemoFile(fmt.Sprintf("bench-%d", n), w.String())
	if err != nil {
		panic(err) // the text above is constant but for numbers
	}
	return f
}
