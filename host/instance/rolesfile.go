package instance

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/internal/roles"
)

const rolesPath = ".civic/roles.yml"

// rolesFile is roles.yml of the data directory.
type rolesFile struct {
	*watchedFile[*roles.Set]
}

func openRoles(data *os.Root, log *slog.Logger) (*rolesFile, error) {
	f, err := openWatched(data, rolesPath, log, roles.Default(), func(src []byte) (*roles.Set, error) {
		set, err := roles.Parse(src)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rolesPath, err)
		}
		for _, w := range set.Warnings {
			log.Warn("roles.yml: "+w, "file", rolesPath)
		}
		return set, nil
	})
	return &rolesFile{f}, err
}

// Can answers from roles.yml as it is now, or was a glance ago, for the role in u.
func (in *Instance) Can(ctx context.Context, u host.User, p host.Permission, recordType string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("check permission: %w", err)
	}
	return in.rolesNow().Can(u.Role, p, recordType), nil
}

// Permissions lists what the role holds, sorted.
func (in *Instance) Permissions(role string) []string {
	return in.rolesNow().Permissions(role)
}

// rolesNow reads roles.yml again if it is seen to have changed, and then announces it.
func (in *Instance) rolesNow() *roles.Set {
	set, changed := in.roles.get()
	if changed {
		in.announce(host.EventRolesChanged, host.RolesChanged{})
	}
	return set
}
