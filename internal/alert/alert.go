package alert

import "time"

// Kind is what an alert is about. There are as many as there are texts, and
// each has a pace of its own.
type Kind string

// The kinds of alerts; each has its texts under "mail." in package web.
const (
	Limit       Kind = "limit"   // a pool is full
	Over        Kind = "over"    // a limit was lowered below what is used [S8]
	Sharing     Kind = "sharing" // an account moves between devices [A6]
	Guessing    Kind = "brute"   // many failed logins [SEC-06]
	Certificate Kind = "cert"    // it is about to expire [SEC-53]
)

// Alert is one thing to be told. It is written down as JSON.
type Alert struct {
	Kind  Kind      `json:"kind"`
	About string    `json:"about,omitempty"` // a pool, an account, a host; "" for Guessing
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"` // when the guessing was counted last, the certificate expires
	N     int       `json:"n,omitempty"`    // people, moves, attempts, days
	Max   int       `json:"max,omitempty"`
	Used  int       `json:"used,omitempty"`
	// Name is the account that was guessed at most: what a stranger has typed.
	Name string `json:"name,omitempty"`
}

// merge makes one alert of two about the same: it happened first when the older
// one did, and is as bad as the newer one says.
func (a Alert) merge(newer Alert) Alert {
	newer.At = a.At
	switch a.Kind {
	case Guessing:
		if a.N > newer.N {
			newer.Name = a.Name
		}
		newer.N += a.N
	case Limit, Sharing:
		newer.N = max(a.N, newer.N)
	}
	return newer
}
