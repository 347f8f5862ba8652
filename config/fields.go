package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Field describes one key of realtime.yml.
type Field struct {
	Key     string // path of the key, for example "rooms.max_rooms"
	Unit    string // empty for names and switches
	Default string // as it is written in the file
	Range   string
	Effect  string // what it does; whole sentences
	Ours    bool   // CivicPress before this module does not know it
}

type note struct {
	unit   string
	effect string
	ours   bool
}

// notes has what the struct tags cannot say. A test holds it against Config.
var notes = map[string]note{
	"enabled":         {effect: `Whether the module runs. With false nothing is started: no port is opened and no data is touched. "true" and "True" as text are accepted. The environment variable CIVIC_REALTIME_ENABLED, else REALTIME_ENABLED, overrides it.`},
	"host":            {effect: "The address to listen on. 0.0.0.0 and empty mean all; use 127.0.0.1 behind a proxy on the same machine."},
	"port":            {effect: "The TCP port to listen on. A port that is taken stops the start with an error."},
	"path":            {effect: "A socket's URL must begin with this. Clients use /realtime; change it only together with them."},
	"allowed_origins": {ours: true, effect: `Origins of web pages that may connect besides those of the same host, as scheme://host[:port]; the host may begin with "*.". The CivicPress UI belongs here when it has a port or host of its own. "*" allows every page.`},
	"trusted_proxies": {ours: true, effect: "Addresses or networks (CIDR) of the reverse proxies in front. Only from them X-Forwarded-For and X-Forwarded-Proto are believed; without this all clients behind a proxy count as one address."},
	"require_tls":     {ours: true, effect: "Refuse sockets that did not come over TLS, as told by X-Forwarded-Proto of a trusted proxy. Switch it on in production."},

	"rooms.max_rooms":       {unit: "rooms", effect: "How many documents may be live at once, those in their grace period included. One more is refused with close code 4013."},
	"rooms.max_members":     {unit: "sockets", ours: true, effect: "How many sockets one document may have."},
	"rooms.grace_period_ms": {unit: "ms", effect: "How long a document stays in memory after its last client left. 0 or less: it is saved and dropped at once."},
	"rooms.cleanup_timeout": {unit: "s", effect: "Accepted because existing files have it; it has no effect, now as before. See rooms.grace_period_ms."},

	"snapshots.enabled":            {effect: "Whether snapshots are taken while people edit, by snapshots.interval and snapshots.max_updates. With false they are taken on request, after the last client left and on stop only. Edits are journaled in either case."},
	"snapshots.storage":            {effect: "Where documents are kept. database: the core's database, an error if it has none; filesystem: files below snapshots.directory; api: the core's HTTP interface at snapshots.api_url; memory: nowhere, every restart begins with the Markdown (for tests)."},
	"snapshots.commit_interval_ms": {unit: "ms", ours: true, effect: "An edit is on disk, and reported as saved, at most this long after it came, plus the time of one fsync. It is what a power failure can cost. 0: every turn is committed at once."},
	"snapshots.interval":           {unit: "s", effect: "How often an edited document is saved as a snapshot and written to its draft. 0: not by time."},
	"snapshots.max_updates":        {unit: "edits", effect: "A snapshot is also due after this many edits, but not sooner than 30 s after the first of them. 0: not by number."},
	"snapshots.ttl_hours":          {unit: "h", ours: true, effect: "Snapshots older than this are removed, but never the newest of a record. 0: never."},
	"snapshots.warn_bytes":         {unit: "bytes", ours: true, effect: "A snapshot larger than this is stored, with a warning and the hook realtime:snapshot:oversize."},
	"snapshots.max_pending_bytes":  {unit: "bytes", ours: true, effect: "How much is kept in memory while the disk fails. Beyond it new edits are refused rather than lost. At least limits.frame_bytes."},
	"snapshots.directory":          {ours: true, effect: "The folder for storage: filesystem, relative to the folder of realtime.yml. Empty: realtime."},
	"snapshots.api_url":            {ours: true, effect: "The core's address for storage: api, for example https://town.example/api/v1."},
	"snapshots.api_token_file":     {ours: true, effect: "A file with the service token of the snapshot interface, relative to the folder of realtime.yml. With storage: api it is what we show; otherwise it switches on that we serve the interface to others."},

	"rate_limiting.messages_per_second":  {unit: "messages/s", effect: "The rate that one socket may keep up. It was a hard limit of 10, which cut people who type; now a socket may burst above it, is then read more slowly, and is closed only for sustained abuse."},
	"rate_limiting.burst":                {unit: "messages", ours: true, effect: "How many messages a socket may send at once before it is slowed down."},
	"rate_limiting.connections_per_ip":   {unit: "sockets", effect: "How many sockets one client address may have. See trusted_proxies."},
	"rate_limiting.connections_per_user": {unit: "sockets", effect: "How many sockets one user may have."},
	"rate_limiting.connects_per_second":  {unit: "sockets/s", ours: true, effect: "How many connections a second one client address may make; twice as many at once, or connections_per_ip if that is more. What comes faster is cut off unread, or answered 503 if it came through a trusted proxy."},
	"rate_limiting.max_connections":      {unit: "sockets", ours: true, effect: "How many sockets there may be in all."},

	"limits.frame_bytes":         {unit: "bytes", ours: true, effect: "The largest message taken from an admitted socket."},
	"limits.document_warn_bytes": {unit: "bytes", ours: true, effect: "A document larger than this is worth a warning in the log."},
	"limits.document_max_bytes":  {unit: "bytes", ours: true, effect: "Edits that would make a document larger than this are refused with a message; nothing is lost. At least limits.document_warn_bytes."},
	"limits.queue_bytes":         {unit: "bytes", ours: true, effect: "How much may wait for one slow reader. Beyond it the reader gets one difference instead when it is ready."},
	"limits.slow_reader_timeout": {unit: "s", ours: true, effect: "A reader that takes nothing for this long is cut off."},

	"sessions.recheck_interval": {unit: "s", ours: true, effect: "How often session and rights of open sockets are read again, besides at once when the core says that they changed."},
	"sessions.outage_grace":     {unit: "s", ours: true, effect: "How long open sockets go on while the core cannot say whether their session is valid."},

	"connection_cleanup.enabled":         {effect: "Accepted because existing files have it; it has no effect, now as before: silent sockets are always pinged, and dropped when they do not answer."},
	"connection_cleanup.ping_interval":   {unit: "s", ours: true, effect: "After how much silence a socket is pinged. Keep it below the idle limit of the proxy, usually 60 s."},
	"connection_cleanup.check_interval":  {unit: "s", effect: "Accepted because existing files have it; it has no effect, now as before. See connection_cleanup.ping_interval."},
	"connection_cleanup.stale_threshold": {unit: "s", effect: "Accepted because existing files have it; it has no effect, now as before. See connection_cleanup.ping_interval."},
}

// Fields returns the description of every key, in the order of the file.
func Fields() []Field {
	var out []Field
	eachLeaf(reflect.ValueOf(Default()), "", func(key string, f reflect.StructField, v reflect.Value) {
		n := notes[key]
		out = append(out, Field{
			Key:     key,
			Unit:    n.unit,
			Default: scalar(v),
			Range:   rangeOf(f),
			Effect:  n.effect,
			Ours:    n.ours,
		})
	})
	return out
}

// eachLeaf calls fn for each field that is not a section.
func eachLeaf(v reflect.Value, prefix string, fn func(key string, f reflect.StructField, v reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + f.Tag.Get("yaml")
		if f.Type.Kind() == reflect.Struct {
			eachLeaf(v.Field(i), key+".", fn)
			continue
		}
		fn(key, f, v.Field(i))
	}
}

// scalar writes a default as it stands in the file.
func scalar(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice:
		return "[]"
	case reflect.String:
		if v.String() == "" {
			return `""`
		}
	}
	return fmt.Sprint(v.Interface())
}

// rangeOf says in words what the validate tag says.
func rangeOf(f reflect.StructField) string {
	rules := map[string]string{}
	for rule := range strings.SplitSeq(f.Tag.Get("validate"), ",") {
		name, param, _ := strings.Cut(rule, "=")
		rules[name] = param
	}
	low, hasLow := rules["min"]
	high, hasHigh := rules["max"]
	switch {
	case rules["oneof"] != "":
		return strings.ReplaceAll(rules["oneof"], " ", ", ")
	case hasLow && hasHigh:
		return low + " to " + high
	case hasLow:
		return "at least " + low
	case hasHigh:
		return "at most " + high
	case f.Type.Kind() == reflect.Bool:
		return "true, false"
	case f.Type.Kind() == reflect.Slice:
		return "a list"
	}
	return ""
}
