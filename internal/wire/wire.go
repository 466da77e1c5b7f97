// Package wire writes the values of the contract (docs/protocol.md): times and
// JSON. It must not know events, routes or sockets.
package wire

import (
	"bytes"
	"encoding/json"
	"time"
)

// Timestamp formats a time as the contract does: RFC 3339, UTC, milliseconds.
func Timestamp(t time.Time) string { return string(AppendTimestamp(nil, t)) }

// AppendTimestamp appends what [Timestamp] returns. It writes the milliseconds
// itself because package time has a fast path for RFC 3339 only without them.
func AppendTimestamp(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = t.AppendFormat(b, time.RFC3339)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(b[:len(b)-len("Z")], '.', '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10), 'Z')
}

// JSON encodes v as JSON.stringify does: it leaves <, > and & as they are. It
// panics if v cannot be encoded.
func JSON(v any) json.RawMessage {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
