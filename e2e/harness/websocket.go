package harness

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// closeError is the peer's websocket close.
type closeError struct {
	code   int
	reason string
}

func (e closeError) Error() string { return fmt.Sprintf("websocket close %d %q", e.code, e.reason) }

// websocket is a websocket client (RFC 6455) that checks the server's frames strictly.
type websocket struct {
	conn net.Conn
	r    *bufio.Reader
	mu   sync.Mutex // guards writes
}

// dialWebsocket opens a websocket. If the server does not switch protocols, it returns
// the answer with its status.
func dialWebsocket(s *Server, path string, header map[string]string) (*websocket, *http.Response, error) {
	conn, err := s.dialTCP()
	if err != nil {
		return nil, nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		return nil, nil, err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	req, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-WebSocket-Version": {"13"},
		"Sec-WebSocket-Key": {base64.StdEncoding.EncodeToString(nonce)}}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	if err := req.Write(conn); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, req)
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		body, err := io.ReadAll(res.Body)
		_ = conn.Close() // only the answer matters
		return nil, withBody(res, body), err
	}
	return &websocket{conn: conn, r: r}, res, conn.SetDeadline(time.Time{})
}

// dialTCP opens a connection to the server, with TLS if its URL requires it.
func (s *Server) dialTCP() (net.Conn, error) {
	d := &net.Dialer{Timeout: Patience}
	if s.URL[:5] == "https" {
		return tls.DialWithDialer(d, "tcp", s.Addr(), s.TLS())
	}
	return d.Dial("tcp", s.Addr())
}

// read returns the next text message and answers control frames.
func (w *websocket) read() ([]string, error) {
	var message []byte
	for first := true; ; {
		h, err := ws.ReadHeader(w.r)
		if err != nil {
			return nil, err
		}
		if h.Masked || h.Rsv != 0 || h.Length > 1<<24 {
			return nil, fmt.Errorf("a frame that a server must not send: %+v", h)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(w.r, payload); err != nil {
			return nil, err
		}
		switch {
		case h.OpCode == ws.OpPing:
			err = w.frame(ws.NewPongFrame(payload))
		case h.OpCode == ws.OpPong:
		case h.OpCode == ws.OpClose:
			end := parseClose(payload)             // before it is masked in place
			_ = w.frame(ws.NewCloseFrame(payload)) // the peer may have gone
			return nil, end
		case first && h.OpCode == ws.OpText, !first && h.OpCode == ws.OpContinuation:
			message, first = append(message, payload...), false
			if h.Fin {
				if !utf8.Valid(message) {
					return nil, fmt.Errorf("a text that is not UTF-8: %q", message)
				}
				return []string{string(message)}, nil
			}
		default:
			return nil, fmt.Errorf("an unexpected frame: %+v", h)
		}
		if err != nil {
			return nil, err
		}
	}
}

func parseClose(payload []byte) error {
	if len(payload) < 2 {
		return closeError{code: int(ws.StatusNoStatusRcvd)}
	}
	return closeError{int(binary.BigEndian.Uint16(payload)), string(payload[2:])}
}

func (w *websocket) write(packet string) error { return w.frame(ws.NewTextFrame([]byte(packet))) }

func (w *websocket) frame(f ws.Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.conn.SetWriteDeadline(time.Now().Add(Patience)); err != nil {
		return err
	}
	return ws.WriteFrame(w.conn, ws.MaskFrameInPlace(f))
}

// sayGoodbye starts the closing handshake.
func (w *websocket) sayGoodbye() {
	_ = w.frame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, ""))) // the server may have closed first
}

func (w *websocket) close() { _ = w.conn.Close() } // nothing depends on how

// Switched opens a websocket and returns the headers of the 101 answer.
func (s *Server) Switched() http.Header {
	s.t.Helper()
	w, res, err := dialWebsocket(s, "/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil || w == nil {
		s.t.Fatalf("no websocket: %v, %v", res, err)
	}
	w.close()
	return res.Header
}
