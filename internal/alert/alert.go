package alert

import "time"

// Kind is the subject of an alert. Each kind has its own texts and pace.
type Kind string

// The kinds of alerts. Their texts are under "mail." in package web.
const (
	Limit       Kind = "limit"   // a pool is full
	Over        Kind = "over"    // more seats are used than a lowered limit allows [S8]
	Sharing     Kind = "sharing" // an account moves between devices [A6]
	Guessing    Kind = "brute"   // many failed logins [SEC-06]
	Certificate Kind = "cert"    // it is about to expire [SEC-53]
)

// Alert is one thing to report. It is saved as JSON.
type Alert struct {
	Kind  Kind      `json:"kind"`
	About string    `json:"about,omitempty"` // a pool, an account, a host; "" for Guessing
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"` // the last failed login; or when the certificate expires
	N     int       `json:"n,omitempty"`    // people, moves, attempts, days
	Max   int       `json:"max,omitempty"`
	Used  int       `json:"used,omitempty"`
	// Name is the account with the most failed logins. A stranger typed it.
	Name string `json:"name,omitempty"`
}

// merge combines two alerts about the same. The result has the time of the older
// one and the numbers of the newer one, or the greater or the sum of both.
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
