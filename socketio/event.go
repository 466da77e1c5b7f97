package socketio

import "github.com/turnike/turnike/engineio"

// EncodeEvent encodes an event of a namespace once, for any number of sockets.
// Arguments that are a []byte or [Binary] become attachments.
func EncodeEvent(ns, event string, args ...any) (*engineio.Payload, error) { panic("skeleton") }

// Binary is data that travels as a binary attachment when it is an argument.
type Binary []byte
