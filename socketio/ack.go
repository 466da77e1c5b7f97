package socketio

import "github.com/turnike/turnike/engineio"

// Ack answers one event. A nil *Ack stands for an event that wants no answer:
// all its methods do nothing. It may be used after the handler returned, once.
type Ack struct{}

// Wanted reports whether the client waits for an answer.
func (a *Ack) Wanted() bool { panic("skeleton") }

// Reply answers the event.
func (a *Ack) Reply(args ...any) error { panic("skeleton") }

// Payload is the encoded answer, for the caller to send by [Socket.Send], alone
// or together with others; nil when none is wanted or it was given before.
func (a *Ack) Payload(args ...any) (*engineio.Payload, error) { panic("skeleton") }
