package hooks

// RoomCreated: the first client joined and the document is loaded.
type RoomCreated struct {
	RoomID   string `json:"roomId"` // full id, for example "records:noise-bylaw"
	RoomType string `json:"roomType"`
}

// RoomDestroyed: the room's grace period ended, or it was closed.
type RoomDestroyed struct {
	RoomID   string `json:"roomId"`
	RoomType string `json:"roomType,omitempty"`
	Reason   string `json:"reason,omitempty"` // "idle", "stop", "deleted" or "failed"
}

// RoomFailed: the document of a room could not be loaded, or could not be kept
// any longer. Nobody gets an empty one instead; the next client tries again.
type RoomFailed struct {
	RoomID   string `json:"roomId"`
	RoomType string `json:"roomType"`
	Code     string `json:"code"` // the error code that the clients got
	Error    string `json:"error"`
}

// ClientConnected: a socket was admitted to a room.
type ClientConnected struct {
	ClientID string `json:"clientId"`
	RoomID   string `json:"roomId"`
	RoomType string `json:"roomType"`
	UserID   int64  `json:"userId"`
	CanEdit  bool   `json:"canEdit"`
}

// ClientDisconnected: a socket that had been admitted is gone.
type ClientDisconnected struct {
	ClientID   string `json:"clientId"`
	RoomID     string `json:"roomId"`
	RoomType   string `json:"roomType"`
	UserID     int64  `json:"userId"`
	CloseCode  int    `json:"closeCode"` // 1005 = the peer gave none, 1006 = the connection broke
	DurationMS int64  `json:"durationMs"`
}

// SnapshotSaved: the document's state is on stable storage as a snapshot.
type SnapshotSaved struct {
	RoomID   string `json:"roomId"`
	Version  int64  `json:"version"`
	Seq      uint64 `json:"seq"` // it covers every edit up to this one
	ByteSize int    `json:"byteSize"`
	Reason   string `json:"reason"` // a store.Reason
}

// SnapshotOversize: a snapshot is larger than the warning size. It is stored
// all the same.
type SnapshotOversize struct {
	RoomID   string `json:"roomId"`
	ByteSize int    `json:"byteSize"`
	Cap      int    `json:"cap"`
}

// SnapshotIntegrityFailed: stored data of a room is damaged. The best intact
// state is used and the damaged bytes are kept aside.
type SnapshotIntegrityFailed struct {
	RoomID       string `json:"roomId"`
	Version      int64  `json:"version"` // of the snapshot; 0 for other data
	ExpectedHash string `json:"expectedHash"`
	ComputedHash string `json:"computedHash"`
	What         string `json:"what,omitempty"`   // "snapshot 12", "journal entry 4711"
	Detail       string `json:"detail,omitempty"` // one sentence
}

// SnapshotExpired: retention removed a snapshot. The newest of a record is
// never removed.
type SnapshotExpired struct {
	RoomID  string `json:"roomId"`
	Version int64  `json:"version"`
	AgeMS   int64  `json:"ageMs"`
}

// Stages of a write-back, for WritebackFailed.
const (
	StageSerialize = "serialize" // document to Markdown
	StagePersist   = "persist"   // snapshot
	StageDraft     = "draft"     // Markdown to the record's draft
)

// WritebackFailed: the document could not be written to its draft. It is
// tried again.
type WritebackFailed struct {
	RoomID   string `json:"roomId"`
	RecordID string `json:"recordId"`
	Stage    string `json:"stage"`
	Error    string `json:"error"`
}

// DraftSaved: the record's draft holds the document up to Seq.
type DraftSaved struct {
	RoomID   string `json:"roomId"`
	RecordID string `json:"recordId"`
	Seq      uint64 `json:"seq"`
	Created  bool   `json:"created"` // the record had no draft before
}

// JournalFailing: edits cannot be made durable now. They are kept in memory
// and nothing is acknowledged.
type JournalFailing struct {
	Error   string `json:"error"`
	SinceMS int64  `json:"sinceMs"` // how long it has been failing
	Pending int    `json:"pending"` // entries waiting
}

// JournalRecovered: edits are durable again.
type JournalRecovered struct {
	OutageMS int64 `json:"outageMs"`
}

// SecurityAuthFailed: a socket was refused for its token.
type SecurityAuthFailed struct {
	IP       string `json:"ip"` // real client address, through trusted proxies only
	Reason   string `json:"reason"`
	Failures int    `json:"failures"` // from this address, lately
}

// SecurityPermissionDenied: somebody known tried what they may not do.
type SecurityPermissionDenied struct {
	UserID   int64  `json:"userId"`
	ClientID string `json:"clientId,omitempty"` // empty when refused at the door
	RoomID   string `json:"roomId"`
	Action   string `json:"action"` // "view" or "edit"
	Count    int    `json:"count"`  // by this user or socket, lately
}

// SecurityForged: a socket spoke as somebody else. The frame was refused.
type SecurityForged struct {
	UserID   int64  `json:"userId"`
	ClientID string `json:"clientId"`
	RoomID   string `json:"roomId"`
	What     string `json:"what"`    // "presence" or "update"
	YClient  uint64 `json:"yClient"` // the Yjs client id spoken for
	OwnerID  int64  `json:"ownerId"` // its user; 0 = the server
	Count    int    `json:"count"`   // by this socket
}

// SecurityInvalidUpdate: a socket sent bytes that are no Yjs update. Nothing
// was changed.
type SecurityInvalidUpdate struct {
	UserID   int64  `json:"userId"`
	ClientID string `json:"clientId"`
	RoomID   string `json:"roomId"`
	Count    int    `json:"count"` // by this socket
}

// SecurityLimitStorm: somebody runs into a limit again and again.
type SecurityLimitStorm struct {
	Limit  string `json:"limit"` // the key in realtime.yml, for example "rate_limiting.connections_per_ip"
	IP     string `json:"ip,omitempty"`
	UserID int64  `json:"userId,omitempty"`
	RoomID string `json:"roomId,omitempty"` // for limits of one document
	Count  int    `json:"count"`
}

// SecurityOriginRefused: a page of a foreign origin tried to connect.
type SecurityOriginRefused struct {
	IP     string `json:"ip"`
	Origin string `json:"origin"`
}

// SecuritySessionsClosed: open sockets were closed because their sessions are
// no longer valid.
type SecuritySessionsClosed struct {
	UserID  int64  `json:"userId"`
	Sockets int    `json:"sockets"`
	Reason  string `json:"reason,omitempty"`
}

func (RoomCreated) HookName() string              { return NameRoomCreated }
func (RoomDestroyed) HookName() string            { return NameRoomDestroyed }
func (RoomFailed) HookName() string               { return NameRoomFailed }
func (ClientConnected) HookName() string          { return NameClientConnected }
func (ClientDisconnected) HookName() string       { return NameClientDisconnected }
func (SnapshotSaved) HookName() string            { return NameSnapshotSaved }
func (SnapshotOversize) HookName() string         { return NameSnapshotOversize }
func (SnapshotIntegrityFailed) HookName() string  { return NameSnapshotIntegrityFailed }
func (SnapshotExpired) HookName() string          { return NameSnapshotExpired }
func (WritebackFailed) HookName() string          { return NameWritebackFailed }
func (DraftSaved) HookName() string               { return NameDraftSaved }
func (JournalFailing) HookName() string           { return NameJournalFailing }
func (JournalRecovered) HookName() string         { return NameJournalRecovered }
func (SecurityAuthFailed) HookName() string       { return NameSecurityAuthFailed }
func (SecurityPermissionDenied) HookName() string { return NameSecurityPermissionDenied }
func (SecurityForged) HookName() string           { return NameSecurityForged }
func (SecurityInvalidUpdate) HookName() string    { return NameSecurityInvalidUpdate }
func (SecurityLimitStorm) HookName() string       { return NameSecurityLimitStorm }
func (SecurityOriginRefused) HookName() string    { return NameSecurityOriginRefused }
func (SecuritySessionsClosed) HookName() string   { return NameSecuritySessionsClosed }
