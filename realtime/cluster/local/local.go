// Package local is the cluster of one node: nobody else to talk to.
package local

import (
	"context"

	"github.com/civicpress/realtimefx/realtime/cluster"
)

// Cluster connects rooms to nobody.
type Cluster struct{}

var _ cluster.Cluster = Cluster{}

// Join returns a link that leads nowhere.
func (Cluster) Join(context.Context, string, cluster.Receiver) (cluster.Link, error) {
	return link{}, nil
}

type link struct{}

func (link) Publish(cluster.Message) {}
func (link) Close()                  {}
