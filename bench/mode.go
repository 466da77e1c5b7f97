package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mode is one kind of measurement.
type mode struct {
	name    string // several figures may share it
	section string // of the report; empty is the first
	asked   bool   // taken only if named
	once    bool   // repeats its measurement by itself
	metrics []metric
	notFor  []string // peers that it does not apply to
	setting func(z sizes, p *peer) setting
	measure func(ctx context.Context, f *figure) (values, error)
	length  func(z sizes) time.Duration // planned duration of a long mode
}

// metric is one row of the table.
type metric struct {
	key    string
	title  string
	target string  // the design's target for Turnike; empty without one
	limit  float64 // the same as a number, of what depends on the speed of the machine
	node   float64 // what Node needed on the machine that the limit is for
	digits int     // after the decimal point
	exact  bool    // not a quantity: no ratio
	quiet  string  // key of the same figure in quiet times, shown beside it
	zero   bool    // may be zero
}

// values holds the results of one figure by metric key.
type values map[string]float64

// setting holds what a figure requires of a server.
type setting struct {
	users   int  // number of users with an account and a token
	limits  bool // ours as an operator runs it: its limits and timeouts
	metrics bool // Turnike with its metrics enabled
	perPool int  // users in one pool; zero means all in one
	seats   int  // of each pool; zero means one for each user
	silent  bool // peers without pools send no presence until figure.server.announce
}

// figure is one running measurement.
type figure struct {
	server *server
	crowd  *crowd
	sizes  sizes
}

func allModes(z sizes) []mode {
	all := []mode{connectMode(), idleMode(), echoMode(), fanoutMode(), burstMode(), stormMode(), seatsMode(), kickMode(), loginMode()}
	for i := range z.scale {
		all = append(all, scaleMode(z, i))
	}
	for _, a := range attacks() {
		all = append(all, hostileMode(a))
	}
	return append(all, siegeMode(), soakMode())
}

// usualModes returns the modes that run by default.
func usualModes() []mode {
	return slices.DeleteFunc(allModes(full()), func(m mode) bool { return m.asked })
}

// lasts returns the planned duration of a figure.
func (m mode) lasts(z sizes) time.Duration {
	if m.length == nil {
		return 0
	}
	return m.length(z)
}

func (m mode) skips(p *peer) bool {
	return slices.Contains(m.notFor, p.name)
}

// line formats a figure's values for progress output.
func (m mode) line(v values) string {
	var parts []string
	for _, k := range m.metrics {
		if x, ok := v[k.key]; ok {
			parts = append(parts, fmt.Sprintf("%s %.*f", k.key, k.digits, x))
		}
	}
	return strings.Join(parts, ", ")
}

// sizes holds the sizes of the figures.
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
	logins               int // of each kind
	scale                []int
	slowScale            int // most users for a peer whose presence costs O(users) a join
	healthy              int // clients beside an attack
	attackRounds         int
	quietSeconds         float64
	attackSeconds        float64
	force                force
	soakForce            force
	siege                time.Duration
	soak                 time.Duration
	settleSeconds        float64 // before the memory is looked at
	enoughCPU            float64 // seconds of the server's, after which rounds stop
}

func full() sizes {
	return sizes{parallel: 64, connects: 1000, idle: 10_000, idlePerPool: 100, echoClients: 200, echoSeconds: 4,
		fanoutMembers: 2000, joins: 100, burstMembers: 1000, burst: 50, rounds: 20, storm: 1000, slowStorm: 300,
		seats: 100, seatClients: 1000, kickSockets: 10_000, kicks: 200, settleSeconds: 5, enoughCPU: 3,
		logins: 300, scale: []int{100, 1000, 10_000}, slowScale: 1000,
		healthy: 50, attackRounds: 2, quietSeconds: 2, attackSeconds: 5.5, force: fullForce(), soakForce: soakForce(), siege: time.Minute}
}

func quick() sizes {
	return sizes{parallel: 16, connects: 10, idle: 60, idlePerPool: 30, echoClients: 10, echoSeconds: 0.2,
		fanoutMembers: 30, joins: 3, burstMembers: 20, burst: 5, rounds: 2, storm: 30, slowStorm: 30,
		seats: 10, seatClients: 40, kickSockets: 30, kicks: 3, settleSeconds: 0.1, enoughCPU: 1,
		logins: 8, scale: []int{5, 10, 20}, slowScale: 10,
		healthy: 5, attackRounds: 1, quietSeconds: 0.3, attackSeconds: 0.5, force: quickForce(), soakForce: quickForce(), siege: time.Second}
}
