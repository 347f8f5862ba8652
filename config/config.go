package config

// Config is the content of realtime.yml. The yaml tag names the key and the
// validate tag its range; [Fields] has unit, default and effect of each.
type Config struct {
	Enabled        bool     `yaml:"enabled"`
	Host           string   `yaml:"host" validate:"omitempty,ip|hostname_rfc1123"`
	Port           int      `yaml:"port" validate:"min=1,max=65535"`
	Path           string   `yaml:"path" validate:"urlprefix"`
	AllowedOrigins []string `yaml:"allowed_origins" validate:"dive,origin"`
	TrustedProxies []string `yaml:"trusted_proxies" validate:"dive,ip|cidr"`
	RequireTLS     bool     `yaml:"require_tls"`

	Rooms             Rooms             `yaml:"rooms"`
	Snapshots         Snapshots         `yaml:"snapshots"`
	RateLimiting      RateLimiting      `yaml:"rate_limiting"`
	Limits            Limits            `yaml:"limits"`
	Sessions          Sessions          `yaml:"sessions"`
	ConnectionCleanup ConnectionCleanup `yaml:"connection_cleanup"`
}

// Rooms is the section about live documents.
type Rooms struct {
	MaxRooms       int `yaml:"max_rooms" validate:"min=1"`
	MaxMembers     int `yaml:"max_members" validate:"min=1"`
	GracePeriodMS  int `yaml:"grace_period_ms" validate:"max=86400000"`
	CleanupTimeout int `yaml:"cleanup_timeout" validate:"min=1"`
}

// Snapshots is the section about what is kept, where and when.
type Snapshots struct {
	Enabled          bool   `yaml:"enabled"`
	Storage          string `yaml:"storage" validate:"oneof=database filesystem api memory"`
	CommitIntervalMS int    `yaml:"commit_interval_ms" validate:"min=0,max=10000"`
	Interval         int    `yaml:"interval" validate:"min=0,max=86400"`
	MaxUpdates       int    `yaml:"max_updates" validate:"min=0"`
	TTLHours         int    `yaml:"ttl_hours" validate:"min=0"`
	WarnBytes        int64  `yaml:"warn_bytes" validate:"min=1"`
	MaxPendingBytes  int64  `yaml:"max_pending_bytes" validate:"min=65536"`
	Directory        string `yaml:"directory"`
	APIURL           string `yaml:"api_url" validate:"required_if=Storage api,omitempty,http_url"`
	APITokenFile     string `yaml:"api_token_file" validate:"required_if=Storage api"`
}

// Storage names, the values of snapshots.storage.
const (
	StorageDatabase   = "database"
	StorageFilesystem = "filesystem"
	StorageAPI        = "api"
	StorageMemory     = "memory"
)

// RateLimiting is the section about how much one client may ask for.
type RateLimiting struct {
	MessagesPerSecond  int `yaml:"messages_per_second" validate:"min=1"`
	Burst              int `yaml:"burst" validate:"min=1"`
	ConnectionsPerIP   int `yaml:"connections_per_ip" validate:"min=1"`
	ConnectionsPerUser int `yaml:"connections_per_user" validate:"min=1"`
	ConnectsPerSecond  int `yaml:"connects_per_second" validate:"min=1"`
	MaxConnections     int `yaml:"max_connections" validate:"min=1"`
}

// Limits is the section about sizes.
type Limits struct {
	FrameBytes        int64 `yaml:"frame_bytes" validate:"min=1024,max=268435456"`
	DocumentWarnBytes int64 `yaml:"document_warn_bytes" validate:"min=1024"`
	DocumentMaxBytes  int64 `yaml:"document_max_bytes" validate:"min=1024,gtefield=DocumentWarnBytes"`
	QueueBytes        int64 `yaml:"queue_bytes" validate:"min=4096"`
	SlowReaderTimeout int   `yaml:"slow_reader_timeout" validate:"min=1,max=3600"`
}

// Sessions is the section about rights that change while a socket is open.
type Sessions struct {
	RecheckInterval int `yaml:"recheck_interval" validate:"min=1,max=3600"`
	OutageGrace     int `yaml:"outage_grace" validate:"min=0,max=86400"`
}

// ConnectionCleanup is the section about sockets whose peer is gone.
type ConnectionCleanup struct {
	Enabled        bool `yaml:"enabled"`
	PingInterval   int  `yaml:"ping_interval" validate:"min=5,max=55"`
	CheckInterval  int  `yaml:"check_interval" validate:"min=1"`
	StaleThreshold int  `yaml:"stale_threshold" validate:"min=1"`
}

// Default returns what a missing realtime.yml means.
func Default() Config {
	return Config{
		Enabled: true,
		Host:    "0.0.0.0",
		Port:    3001,
		Path:    "/realtime",
		Rooms: Rooms{
			MaxRooms:       100,
			MaxMembers:     500,
			GracePeriodMS:  300_000,
			CleanupTimeout: 3600,
		},
		Snapshots: Snapshots{
			Enabled:          true,
			Storage:          StorageDatabase,
			CommitIntervalMS: 20,
			Interval:         300,
			MaxUpdates:       100,
			TTLHours:         48,
			WarnBytes:        1 << 20,
			MaxPendingBytes:  64 << 20,
		},
		RateLimiting: RateLimiting{
			MessagesPerSecond:  100,
			Burst:              500,
			ConnectionsPerIP:   100,
			ConnectionsPerUser: 10,
			ConnectsPerSecond:  100,
			MaxConnections:     20_000,
		},
		Limits: Limits{
			FrameBytes:        10 << 20,
			DocumentWarnBytes: 500 << 10,
			DocumentMaxBytes:  50 << 20,
			QueueBytes:        1 << 20,
			SlowReaderTimeout: 60,
		},
		Sessions: Sessions{
			RecheckInterval: 60,
			OutageGrace:     300,
		},
		ConnectionCleanup: ConnectionCleanup{
			Enabled:        true,
			PingInterval:   25,
			CheckInterval:  60,
			StaleThreshold: 600,
		},
	}
}
