package presence

import (
	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// Names of the events that hubs send.
const (
	EventUserStatus   = "user_status"
	EventSlots        = "connection_slots"
	EventOnlineUsers  = "online_users"
	EventPresenceSync = "presence_sync"
)

type userStatus struct {
	Username string         `json:"username"`
	Status   session.Status `json:"status"`
	Since    string         `json:"since"`
	Reason   string         `json:"reason,omitempty"`
	Count    int            `json:"count"`
	Epoch    string         `json:"epoch"`
	Seq      int64          `json:"seq"`
}

type slots struct {
	Pool      string `json:"pool"`
	Max       int    `json:"max"`
	Used      int    `json:"used"`
	Available int    `json:"available"`
	Epoch     string `json:"epoch"`
	Seq       int64  `json:"seq"`
}

// presentUser is an entry of presence_sync; view.list writes the list around it.
type presentUser struct {
	Username    string         `json:"username"`
	State       session.Status `json:"state"`
	Since       string         `json:"since"`
	Connections int            `json:"connections"`
}

// encode makes an event ready to be sent to any number of receivers.
func encode(event string, v any) *engineio.Payload {
	p, err := socketio.EncodeEvent("/", event, v)
	if err != nil {
		panic(err) // only the types of this package come here
	}
	return p
}
