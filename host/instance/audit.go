package instance

import (
	"context"
	"fmt"
)

// Audit adds a row to audit_logs. userID 0 = not known.
func (in *Instance) Audit(ctx context.Context, userID int64, action, resourceType, resourceID, details, ip string) error {
	var user any
	if userID != 0 {
		user = userID
	}
	_, err := in.db.ExecContext(ctx, `
		INSERT INTO audit_logs (user_id, action, resource_type, resource_id, details, ip_address) VALUES (?, ?, ?, ?, ?, ?)`,
		user, action, nullText(resourceType), nullText(resourceID), nullText(details), nullText(ip))
	if err != nil {
		return queryError(ctx, fmt.Sprintf("audit %s", action), err)
	}
	return nil
}
