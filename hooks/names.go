package hooks

// Names of the events. Those that CivicPress had before keep their name and
// the fields of their payload.
const (
	NameRoomCreated        = "realtime:room:created"
	NameRoomDestroyed      = "realtime:room:destroyed"
	NameRoomFailed         = "realtime:room:failed"
	NameClientConnected    = "realtime:client:connected"
	NameClientDisconnected = "realtime:client:disconnected"

	NameSnapshotSaved           = "realtime:snapshot:saved"
	NameSnapshotOversize        = "realtime:snapshot:oversize"
	NameSnapshotIntegrityFailed = "realtime:snapshot:integrity-failed"
	NameSnapshotExpired         = "realtime:snapshot:expired"
	NameWritebackFailed         = "realtime:snapshot:writeback-failed"

	NameDraftSaved       = "realtime:draft:saved"
	NameJournalFailing   = "realtime:journal:failing"
	NameJournalRecovered = "realtime:journal:recovered"

	NameSecurityAuthFailed       = "realtime:security:auth-failed"
	NameSecurityPermissionDenied = "realtime:security:permission-denied"
	NameSecurityForged           = "realtime:security:forged"
	NameSecurityInvalidUpdate    = "realtime:security:invalid-update"
	NameSecurityLimitStorm       = "realtime:security:limit-storm"
	NameSecurityOriginRefused    = "realtime:security:origin-refused"
	NameSecuritySessionsClosed   = "realtime:security:sessions-closed"
)
