package realtime

import (
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/socketio"
)

// Names of the events that the server sends, those of package presence aside.
const (
	eventResponse        = "response"
	eventPong            = "pong_manual"
	eventSessionEnded    = "session_ended"
	eventConnectionEnded = "connection_ended"
)

type userInfo struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	Pool     string `json:"pool"`
}

type registered struct {
	OK        bool     `json:"ok"`
	Username  string   `json:"username"`
	SID       string   `json:"sid"` // the socket id, as in the seed
	User      userInfo `json:"user"`
	ExpiresAt string   `json:"expires_at"`
	GraceMS   int64    `json:"grace_ms"`
}

type failure struct {
	OK         bool   `json:"ok"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Pool       string `json:"pool,omitempty"`
	Max        *int   `json:"max,omitempty"`
	Used       *int   `json:"used,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

type ended struct {
	Code      string `json:"code"`
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	At        string `json:"at"`
	Reconnect bool   `json:"reconnect"`
}

// refusal is the data of a connect_error.
type refusal struct {
	Code       string  `json:"code"`
	Retry      bool    `json:"retry"`
	Reason     *string `json:"reason,omitempty"`
	At         string  `json:"at,omitempty"`
	RetryAfter int     `json:"retry_after,omitempty"` // seconds
}

// seconds rounds up, so that a client that waits that long is not too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// encode makes an event ready to be sent to any number of sockets.
func encode(event string, v any) *engineio.Payload {
	p, err := socketio.EncodeEvent("/", event, v)
	if err != nil {
		panic(err) // only the types of this package come here
	}
	return p
}

// answer encodes v as the acknowledgement; nil if none is wanted.
func answer(ack *socketio.Ack, v any) *engineio.Payload {
	p, err := ack.Payload(v)
	if err != nil {
		panic(err) // only the types of this package and of presence come here
	}
	return p
}
