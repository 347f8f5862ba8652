package instance

import (
	"testing"

	"github.com/civicpress/realtimefx/host"
)

// BenchmarkJoin is what a joining client asks of the host.
func BenchmarkJoin(b *testing.B) {
	in, content, err := Demo(b.Context(), b.TempDir(), quiet(nil), DemoOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	b.Run("ValidateSession", func(b *testing.B) {
		for b.Loop() {
			if _, err := in.ValidateSession(b.Context(), content.Users[0].Token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Can", func(b *testing.B) {
		u := host.User{Role: "clerk"}
		for b.Loop() {
			if _, err := in.Can(b.Context(), u, host.PermissionRecordsEdit, "bylaw"); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, id := range []string{"noise-bylaw", "zoning-bylaw-consolidated"} {
		b.Run("Record/"+id, func(b *testing.B) {
			for b.Loop() {
				if _, err := in.Record(b.Context(), id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("SaveDraftBody", func(b *testing.B) {
		id := content.Drafts[0]
		d, err := in.Draft(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		base := d.Body
		for b.Loop() {
			if err := in.SaveDraftBody(b.Context(), id, base, base+"."); err != nil {
				b.Fatal(err)
			}
			base += "."
		}
	})
}
