package engineio

import (
	"io"
	"net"
	"time"
)

// scripted is a connection that returns its data in small pieces.
type scripted struct {
	net.Conn
	data  []byte
	piece int // zero means all at once
}

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := len(p)
	if s.piece > 0 {
		n = min(n, s.piece)
	}
	n = copy(p[:n], s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *scripted) SetReadDeadline(time.Time) error { return nil }
