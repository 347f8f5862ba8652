package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/host"
)

const shipped = `
roles:
  admin:
    name: Administrator
    permissions: ['*']
  clerk:
    name: {value: Clerk, type: string, description: d, required: true}
    permissions:
      value: ['records:create', 'records:edit']
      type: array
    record_types:
      can_delete: [memo]
  reader:
    permissions: ['records:list']
    record_types:
      can_view: {value: [bylaw]}
  empty:
    name: Nobody
  public:
    permissions: ['records:view']
role_hierarchy:
  admin: [clerk, public]
  clerk: {value: [public]}
default_role: public
`

func TestCan(t *testing.T) {
	s, err := Parse([]byte(shipped))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) > 0 {
		t.Errorf("unexpected warnings %q", s.Warnings)
	}
	for _, c := range []struct {
		role string
		perm host.Permission
		typ  string
		want bool
	}{
		{"admin", host.PermissionAdmin, "", true}, // by "*"
		{"clerk", host.PermissionRecordsEdit, "", true},
		{"clerk", host.PermissionRecordsView, "bylaw", true}, // inherited
		{"clerk", host.PermissionAdmin, "", false},
		{"clerk", "records:delete", "memo", true},
		{"clerk", "records:delete", "bylaw", false},
		{"admin", "system:delete", "memo", true},
		{"reader", host.PermissionRecordsView, "bylaw", true}, // by record type
		{"reader", host.PermissionRecordsView, "minutes", false},
		{"reader", host.PermissionRecordsView, "", false},
		{"reader", "system:view", "bylaw", false}, // record types only serve records
		{"public", host.PermissionRecordsEdit, "bylaw", false},
		{"stranger", host.PermissionRecordsView, "bylaw", true}, // counts as public
		{"stranger", host.PermissionRecordsEdit, "bylaw", false},
		{"empty", host.PermissionRecordsView, "bylaw", false}, // defined, without any
	} {
		if got := s.Can(c.role, c.perm, c.typ); got != c.want {
			t.Errorf("Can(%s, %s, %q) = %v, want %v", c.role, c.perm, c.typ, got, c.want)
		}
	}
	if got, want := s.Permissions("clerk"), []string{"records:create", "records:edit", "records:view"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCyclesAndGapsWarn(t *testing.T) {
	s, err := Parse([]byte(`
roles:
  a: {permissions: [pa]}
  b: {permissions: [pb]}
  c: {permissions: [pc]}
role_hierarchy:
  a: [b]
  b: [c]
  c: [a, ghost]
  nobody: [a]
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if got, want := s.Permissions(name), []string{"pa", "pb", "pc"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if len(s.Warnings) != 3 {
		t.Errorf("want one warning each for the circle, the ghost and the undefined role, got %q", s.Warnings)
	}
}

func TestParseErrorsNameThePlace(t *testing.T) {
	for src, want := range map[string]string{
		"roles:\n  clerk:\n   permissions: [a\n  x: 1":   "roles file",
		"roles:\n  clerk:\n    permissions: all":         "roles.clerk.permissions",
		"roles:\n  clerk:\n    permissions: [1]":         "roles.clerk.permissions",
		"roles:\n  clerk: {record_types: x}":             "roles.clerk.record_types",
		"roles:\n  clerk: {record_types: {can_edit: x}}": "roles.clerk.record_types.can_edit",
		"roles: {a: {}}\nrole_hierarchy: {a: b}":         "role_hierarchy.a",
		"":                                               "no roles",
		"- a":                                            "roles file",
	} {
		_, err := Parse([]byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error naming %q", src, err, want)
		}
	}
}

func TestDefaultRoles(t *testing.T) {
	s := Default()
	if len(s.Warnings) > 0 {
		t.Errorf("unexpected warnings %q", s.Warnings)
	}
	for role, want := range map[string][2]bool{ // edit, admin
		"admin": {true, true}, "mayor": {true, false}, "council": {true, false},
		"clerk": {true, false}, "legal_dept": {true, false}, "public": {false, false}, "unknown": {false, false},
	} {
		if !s.Can(role, host.PermissionRecordsView, "") {
			t.Errorf("%s must be allowed to view", role)
		}
		if got := [2]bool{s.Can(role, host.PermissionRecordsEdit, ""), s.Can(role, host.PermissionAdmin, "")}; got != want {
			t.Errorf("%s: got edit, admin = %v, want %v", role, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(shipped))
	f.Add([]byte("roles: {a: {permissions: {value: 1}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse(src)
		if err == nil {
			s.Can("clerk", host.PermissionRecordsEdit, "bylaw")
		}
	})
}
