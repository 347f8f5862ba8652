package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var out strings.Builder
	in := `{"run":"kill -9","kills":200,"stopped":48,"acked":13317,"ack_p50_ms":12.04,"ack_p99_ms":50.2,"restart_p50_ms":50.7,"restart_max_ms":901.8,"seed":"7","measured":true}
{"run":"every file operation fails","kills":900,"acked":50,"lost":1,"comment":"a comment","failed":true}
`
	if err := table(&out, []byte(in)); err != nil {
		t.Fatal(err)
	}
	want := `run                          kills  stopped   acked  lost  torn  twice    ack p50       p99  restart p50         max  seed
kill -9                        200       48   13317     0     0      0    12.0 ms   50.2 ms      50.7 ms    901.8 ms  7
every file operation fails     900        0      50     1     0      0          -         -            -           -                        a comment  FAILED
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	for _, bad := range []string{"", "{", `{"kills":"x"}`} {
		if err := table(&out, []byte(bad)); err == nil {
			t.Errorf("%q is taken for a report", bad)
		}
	}
}
