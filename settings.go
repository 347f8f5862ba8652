package realtimefx

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/realtime"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
)

// The functions here translate realtime.yml into the options of the packages.
// In the file 0 means "not at all"; in options 0 means the default and a
// negative value "not at all".

func journalOptions(c config.Snapshots) store.JournalOptions {
	return store.JournalOptions{
		CommitInterval: orNever(time.Duration(c.CommitIntervalMS) * time.Millisecond),
		MaxPending:     c.MaxPendingBytes,
	}
}

func keeperOptions(c config.Snapshots) store.KeeperOptions {
	o := store.KeeperOptions{
		Interval:      orNever(time.Duration(c.Interval) * time.Second),
		MaxUpdates:    orNever(c.MaxUpdates),
		OversizeBytes: int(c.WarnBytes),
		TTL:           orNever(time.Duration(c.TTLHours) * time.Hour),
	}
	if !c.Enabled {
		o.Interval, o.MaxUpdates = -1, -1
	}
	return o
}

func roomOptions(c config.Config) room.Options {
	return room.Options{
		MaxRooms:     c.Rooms.MaxRooms,
		MaxMembers:   c.Rooms.MaxMembers,
		Grace:        orNever(time.Duration(c.Rooms.GracePeriodMS) * time.Millisecond),
		WarnDocument: int(c.Limits.DocumentWarnBytes),
		MaxDocument:  int(c.Limits.DocumentMaxBytes),
	}
}

// orNever turns 0 into -1.
func orNever[T ~int | ~int64](v T) T {
	if v == 0 {
		return -1
	}
	return v
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func serverOptions(c config.Config) realtime.Options {
	return realtime.Options{
		Addr:               net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
		Path:               c.Path,
		AllowedOrigins:     c.AllowedOrigins,
		RequireTLS:         c.RequireTLS,
		ConnectionsPerIP:   c.RateLimiting.ConnectionsPerIP,
		ConnectionsPerUser: c.RateLimiting.ConnectionsPerUser,
		ConnectRate:        float64(c.RateLimiting.ConnectsPerSecond),
		AcceptRate:         min(0, float64(c.RateLimiting.ConnectsPerSecond)), // off with the other: for load tests
		MaxConnections:     c.RateLimiting.MaxConnections,
		MessagesPerSecond:  float64(c.RateLimiting.MessagesPerSecond),
		MessageBurst:       float64(c.RateLimiting.Burst),
		MaxMessage:         c.Limits.FrameBytes,
		Ping:               seconds(c.ConnectionCleanup.PingInterval),
		Stall:              seconds(c.Limits.SlowReaderTimeout),
		QueueBytes:         int(c.Limits.QueueBytes),
		Regrant:            seconds(c.Sessions.RecheckInterval),
		AuthOutage:         orNever(seconds(c.Sessions.OutageGrace)),
	}
}

// proxies reads trusted_proxies.
func proxies(texts []string) (list []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := proxy(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// proxy reads an address or a network.
func proxy(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("trusted_proxies: %q is neither an address nor a network", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}
