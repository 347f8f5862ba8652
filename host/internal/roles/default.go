package roles

import (
	"sync"
)

// Default returns the roles that the core has built in for an instance
// without a roles file.
func Default() *Set { return builtin() }

var builtin = sync.OnceValue(func() *Set {
	everything := []string{"bylaw", "policy", "resolution", "proclamation", "ordinance"}
	council := everything[:3]
	mayor := everything[:4]
	s := &Set{roles: map[string]role{
		"admin": {
			Permissions: []string{
				"system:admin", "system:configure", "records:create", "records:edit", "records:delete",
				"records:view", "records:archive", "workflows:manage", "templates:manage", "hooks:manage", "users:manage",
			},
			RecordTypes: map[string][]string{
				"can_create": everything, "can_edit": everything, "can_delete": everything, "can_view": everything,
			},
		},
		"mayor": {
			Permissions: []string{"records:create", "records:edit", "records:view", "records:archive", "workflows:approve", "templates:view"},
			RecordTypes: map[string][]string{"can_create": mayor, "can_edit": mayor, "can_view": everything},
			Inherits:    []string{"council"},
		},
		"council": {
			Permissions: []string{"records:create", "records:edit", "records:view", "records:archive", "workflows:vote", "templates:view"},
			RecordTypes: map[string][]string{"can_create": council, "can_edit": council, "can_view": everything},
			Inherits:    []string{"clerk"},
		},
		"clerk": {
			Permissions: []string{"records:create", "records:edit", "records:view", "templates:view"},
			RecordTypes: map[string][]string{"can_create": council, "can_edit": council, "can_view": everything},
			Inherits:    []string{"legal_dept"},
		},
		"legal_dept": {
			Permissions: []string{"records:edit", "records:view", "workflows:review", "templates:view"},
			RecordTypes: map[string][]string{"can_edit": council, "can_view": everything},
			Inherits:    []string{Public},
		},
		Public: {
			Permissions: []string{"records:view"},
			RecordTypes: map[string][]string{"can_view": everything},
		},
	}}
	s.resolve()
	return s
})
