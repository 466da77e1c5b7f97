package main

import (
	"context"
	"fmt"
	"strings"
)

// mode is one kind of measurement.
type mode struct {
	name    string
	metrics []metric
	notFor  []string // peers for which it has no meaning
	setting func(z sizes, p *peer) setting
	measure func(ctx context.Context, f *figure) (values, error)
}

// metric is one row of the table.
type metric struct {
	key    string
	title  string
	target string // what the design asks of us; empty where it asks nothing
	digits int    // after the decimal point
	exact  bool   // not a quantity: no ratio
}

// values are what one figure gave, by the metrics' keys.
type values map[string]float64

// setting is what a figure needs of a server.
type setting struct {
	users   int  // that have an account and a token
	perPool int  // of them in one pool; zero is all in one
	seats   int  // of each pool; zero is one for everybody
	silent  bool // peers without pools tell nobody until figure.server.announce
}

// figure is one measurement under way.
type figure struct {
	server *server
	crowd  *crowd
	sizes  sizes
}

func allModes() []mode {
	return []mode{connectMode(), idleMode(), echoMode(), fanoutMode(), burstMode(), stormMode(), seatsMode(), kickMode()}
}

func (m mode) skips(p *peer) bool {
	for _, name := range m.notFor {
		if name == p.name {
			return true
		}
	}
	return false
}

// line shows a figure's values while the run goes on.
func (m mode) line(v values) string {
	var parts []string
	for _, k := range m.metrics {
		if x, ok := v[k.key]; ok {
			parts = append(parts, fmt.Sprintf("%s %.*f", k.key, k.digits, x))
		}
	}
	return strings.Join(parts, ", ")
}

// sizes are how much of everything.
type sizes struct {
	parallel int // connections that are being opened at once

	connects             int
	idle                 int
	idlePerPool          int
	echoClients          int
	echoSeconds          float64
	fanoutMembers, joins int
	burstMembers, burst  int
	rounds               int
	storm, slowStorm     int
	seats, seatClients   int
	kickSockets, kicks   int
	settleSeconds        float64 // before the memory is looked at
	enoughCPU            float64 // seconds of the server's, after which rounds stop
}

func full() sizes {
	return sizes{parallel: 64, connects: 1000, idle: 10_000, idlePerPool: 100, echoClients: 200, echoSeconds: 4,
		fanoutMembers: 2000, joins: 100, burstMembers: 1000, burst: 50, rounds: 20, storm: 1000, slowStorm: 300,
		seats: 100, seatClients: 1000, kickSockets: 10_000, kicks: 200, settleSeconds: 3, enoughCPU: 3}
}

func quick() sizes {
	return sizes{parallel: 16, connects: 10, idle: 60, idlePerPool: 30, echoClients: 10, echoSeconds: 0.2,
		fanoutMembers: 30, joins: 3, burstMembers: 20, burst: 5, rounds: 2, storm: 30, slowStorm: 30,
		seats: 10, seatClients: 40, kickSockets: 30, kicks: 3, settleSeconds: 0.1, enoughCPU: 1}
}
