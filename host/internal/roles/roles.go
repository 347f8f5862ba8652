// Package roles reads roles.yml of the core and answers questions of right as
// the core does: a permission is held by the role itself or by a role that it
// inherits from, "*" is all permissions, and a role may besides be allowed an
// action on single record types (its own list only, never inherited). A role
// that the file does not define counts as public.
package roles

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/civicpress/realtimefx/host"
)

// Public is the role of whoever has no defined one.
const Public = "public"

// Set is the content of a roles file. It is immutable.
type Set struct {
	roles       map[string]role
	permissions map[string]map[string]bool // by role, inherited ones included
	Warnings    []string                   // one sentence each
}

type role struct {
	Permissions []string
	RecordTypes map[string][]string // by "can_view", "can_edit", …
	Inherits    []string
}

// Parse reads a roles file. Any value in it may be plain or wrapped in
// {value: …}. The error names line and column.
func Parse(src []byte) (*Set, error) {
	var file struct {
		Roles     map[string]map[string]any `yaml:"roles"`
		Hierarchy map[string]any            `yaml:"role_hierarchy"`
	}
	if err := yaml.Unmarshal(src, &file); err != nil {
		return nil, fmt.Errorf("roles file: %s", yaml.FormatError(err, false, false))
	}
	if len(file.Roles) == 0 {
		return nil, fmt.Errorf("roles file: no roles are defined under the key \"roles\"")
	}
	s := &Set{roles: make(map[string]role, len(file.Roles))}
	for name, fields := range file.Roles {
		r := role{RecordTypes: make(map[string][]string)}
		var err error
		if r.Permissions, err = stringList(fields["permissions"]); err != nil {
			return nil, fmt.Errorf("roles file: roles.%s.permissions: %w", name, err)
		}
		types, ok := unwrap(fields["record_types"]).(map[string]any)
		if !ok && fields["record_types"] != nil {
			return nil, fmt.Errorf("roles file: roles.%s.record_types: must be a mapping like can_edit: [bylaw]", name)
		}
		for action, list := range types {
			if r.RecordTypes[action], err = stringList(list); err != nil {
				return nil, fmt.Errorf("roles file: roles.%s.record_types.%s: %w", name, action, err)
			}
		}
		s.roles[name] = r
	}
	for name, list := range file.Hierarchy {
		parents, err := stringList(list)
		if err != nil {
			return nil, fmt.Errorf("roles file: role_hierarchy.%s: %w", name, err)
		}
		r := s.roles[name]
		r.Inherits = parents
		if _, defined := s.roles[name]; defined {
			s.roles[name] = r
		} else {
			s.warn("role_hierarchy names the role %q, which is not defined", name)
		}
	}
	s.resolve()
	return s, nil
}

// resolve computes each role's permissions, and warns once of each cycle and
// of inheritance from a role that does not exist.
func (s *Set) resolve() {
	s.permissions = make(map[string]map[string]bool, len(s.roles))
	cycles := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(s.roles)) {
		all := make(map[string]bool)
		s.collect(name, nil, all, cycles)
		s.permissions[name] = all
	}
}

func (s *Set) collect(name string, path []string, into map[string]bool, cycles map[string]bool) {
	if i := slices.Index(path, name); i >= 0 {
		loop := slices.Clone(path[i:])
		key := strings.Join(slices.Sorted(slices.Values(loop)), " ")
		if !cycles[key] {
			cycles[key] = true
			s.warn("roles inherit from each other in a circle: %s", strings.Join(append(loop, name), " -> "))
		}
		return
	}
	r, defined := s.roles[name]
	if !defined {
		key := "missing " + name
		if !cycles[key] {
			cycles[key] = true
			s.warn("the role %q inherits from %q, which is not defined", path[len(path)-1], name)
		}
		return
	}
	for _, p := range r.Permissions {
		into[p] = true
	}
	for _, parent := range r.Inherits {
		s.collect(parent, append(path, name), into, cycles)
	}
}

func (s *Set) warn(format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

// Can reports whether the role may do p on records of the type ("" = not
// known: only role-wide permissions count).
func (s *Set) Can(roleName string, p host.Permission, recordType string) bool {
	if _, defined := s.roles[roleName]; !defined {
		roleName = Public
	}
	held := s.permissions[roleName]
	if held[string(p)] || held["*"] {
		return true
	}
	subject, action, _ := strings.Cut(string(p), ":")
	if subject != "records" || recordType == "" {
		return false
	}
	return slices.Contains(s.roles[roleName].RecordTypes["can_"+action], recordType)
}

// Permissions returns all permissions of the role, sorted.
func (s *Set) Permissions(roleName string) []string {
	if _, defined := s.roles[roleName]; !defined {
		roleName = Public
	}
	return slices.Sorted(maps.Keys(s.permissions[roleName]))
}

// Defined reports whether the file defines the role.
func (s *Set) Defined(roleName string) bool {
	_, defined := s.roles[roleName]
	return defined
}

// unwrap returns v, or what stands in {value: v}.
func unwrap(v any) any {
	if m, ok := v.(map[string]any); ok {
		if inner, ok := m["value"]; ok {
			return inner
		}
	}
	return v
}

func stringList(v any) ([]string, error) {
	switch list := unwrap(v).(type) {
	case nil:
		return nil, nil
	case []any:
		out := make([]string, 0, len(list))
		for _, item := range list {
			text, ok := unwrap(item).(string)
			if !ok {
				return nil, fmt.Errorf("must be a list of names, but %v is none", item)
			}
			out = append(out, text)
		}
		return out, nil
	default:
		return nil, fmt.Errorf("must be a list of names, not %v", list)
	}
}
