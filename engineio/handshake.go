package engineio

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"time"
)

// isUpgrade reports whether a request asks for a websocket.
func isUpgrade(r *http.Request) bool {
	return hasToken(r.Header["Connection"], "upgrade") && hasToken(r.Header["Upgrade"], "websocket")
}

// hasToken reports whether comma-separated header values contain a token.
func hasToken(values []string, token string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// switching checks a websocket handshake and returns the start of its answer.
// [RFC6455:4.2] It refuses an invalid handshake itself.
func (s *Server) switching(w http.ResponseWriter, r *http.Request) (head string, ok bool) {
	if r.Header.Get("Sec-WebSocket-Version") != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		writeError(w, httpError{http.StatusUpgradeRequired, errBadRequest.Code, errBadRequest.Message})
		return "", false
	}
	key := r.Header.Get("Sec-WebSocket-Key")
	if nonce, err := base64.StdEncoding.DecodeString(key); err != nil || len(nonce) != 16 || r.Method != http.MethodGet {
		writeError(w, errBadRequest)
		return "", false
	}
	const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // [RFC6455:1.3]
	sum := sha1.Sum([]byte(key + magic))
	head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if name := s.subprotocol(r); name != "" {
		head += "Sec-WebSocket-Protocol: " + name + "\r\n"
	}
	return head, true
}

// subprotocol returns the first of Config.Subprotocols that a request asks for, or an
// empty string. [RFC6455:4.2.2]
func (s *Server) subprotocol(r *http.Request) string {
	for _, name := range s.cfg.Subprotocols {
		for _, value := range r.Header["Sec-Websocket-Protocol"] {
			for asked := range strings.SplitSeq(value, ",") {
				if strings.TrimSpace(asked) == name {
					return name
				}
			}
		}
	}
	return ""
}

// hijack takes the connection over from the HTTP server. It returns nil on failure.
func (s *Server) hijack(w http.ResponseWriter, r *http.Request) *wire {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		writeError(w, errBadRequest)
		return nil
	}
	// Bytes that the client sent early are copied; the buffers are not kept.
	early := make([]byte, rw.Reader.Buffered())
	if _, err := io.ReadFull(rw.Reader, early); err != nil {
		conn.Close()
		return nil
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		conn.Close()
		return nil
	}
	wire := s.newWire(conn, early)
	wire.base64 = r.URL.Query().Get("b64") != "" // [eio4:base64]
	return wire
}

// answer accepts a websocket handshake, in one write with what is queued.
// [RFC6455:4.2.2]
func (c *Conn) answer(w http.ResponseWriter, wire *wire, head string, batch []item) error {
	var b bytes.Buffer
	b.Grow(512)
	b.WriteString(head)
	_ = w.Header().Write(&b) // headers set by middleware; a Buffer never fails
	b.WriteString("\r\n")
	for _, it := range batch {
		b.Write(wire.frames(it.Payload))
	}
	return wire.write(b.Bytes(), c)
}
