package engineio

import (
	"net"
	"syscall"
	"time"
)

// wire is one websocket: its network connection and its frame reader.
type wire struct {
	conn net.Conn
	raw  syscall.RawConn // of the TCP connection below; nil when there is none
	in   frameReader

	base64 bool // the peer cannot take binary frames

	paced time.Duration // used only by the reader, see pace

	// The fields below are used only by the writing goroutine.
	unproven int       // bytes written since the kernel's queue was last seen nearly empty
	deadline time.Time // the current write deadline
}

// maxWrite is the largest single write, the size of a TLS record.
const maxWrite = 16 << 10

// newWire wraps a hijacked connection. early holds bytes that the peer sent with the
// handshake.
func (s *Server) newWire(conn net.Conn, early []byte) *wire {
	w := &wire{conn: conn, paced: -controlBurst * controlEach}
	w.in = frameReader{conn: conn, early: early, limit: s.cfg.MaxPayload, timeout: s.cfg.MessageTimeout, pool: &s.buffers}
	if sc, ok := below(conn).(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			w.raw = raw
		}
	}
	return w
}

// below returns the connection under TLS and other wrappers that have a NetConn method.
func below(conn net.Conn) net.Conn {
	for {
		w, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = w.NetConn()
	}
}

// A fresh TCP connection's send buffer holds some 46 KB; inlineRoom stays well
// below, so that an inline write never blocks, whatever the peer does.
const (
	inlineRoom  = 16 << 10
	inlineProof = 4 << 10 // at or below this, the kernel's queue counts as empty
)

// takes reports whether n bytes can be written without blocking. A slow peer must not
// delay a sender that sends to many.
func (w *wire) takes(n int) bool {
	if n > inlineRoom || w.raw == nil {
		return false
	}
	if w.unproven+n <= inlineRoom {
		return true
	}
	if left, ok := unsent(w.raw); !ok || left > inlineProof {
		return false
	}
	w.unproven = 0
	return true
}

// write writes one piece of at most maxWrite bytes. The write deadline is extended only
// when half of it has passed: setting it costs a tenth of a write.
func (w *wire) write(b []byte, c *Conn) (err error) {
	defer c.server.caught(&err)
	now, timeout := time.Now(), c.server.cfg.WriteTimeout
	c.taken.Store(int64(now.Sub(c.server.start)))
	if w.deadline.Sub(now) < timeout/2 {
		w.deadline = now.Add(timeout)
		if err := w.conn.SetWriteDeadline(w.deadline); err != nil {
			return err
		}
	}
	n, err := w.conn.Write(b)
	w.unproven += n
	return err
}

// writeAll writes a batch: short payloads together in one write, a long one in pieces.
func (w *wire) writeAll(batch []item, buf *[]byte, c *Conn) error {
	all := w.frames(batch[0].Payload)
	if len(batch) > 1 {
		*buf = (*buf)[:0]
		for _, it := range batch {
			*buf = append(*buf, w.frames(it.Payload)...)
		}
		all = *buf
	}
	for len(all) > 0 {
		n := min(len(all), maxWrite)
		if err := w.write(all[:n], c); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// frames returns the frames of a payload in the form that the peer accepts.
func (w *wire) frames(p *Payload) []byte {
	if w.base64 {
		return p.textFrames()
	}
	return p.frames
}

// close closes the connection. With gently, TLS sends close_notify, which may take
// seconds if the peer does not read.
func (w *wire) close(gently bool) {
	if gently {
		w.conn.Close()
		return
	}
	below(w.conn).Close()
}

// refuse closes a websocket that carries no connection. It sends a close frame unless
// the code is zero, then waits until the peer has closed or the timeout has passed.
func (w *wire) refuse(code int, timeout time.Duration) {
	if code != 0 {
		w.conn.SetWriteDeadline(time.Now().Add(timeout))
		if _, err := w.conn.Write(closeFrame(code, "").frames); err == nil {
			w.hang()
			w.conn.SetReadDeadline(time.Now().Add(timeout))
			for err == nil {
				_, err = w.conn.Read(w.in.buf[:])
			}
		}
	}
	w.close(false)
}

// hang closes the sending direction, so that the peer sees the end after the close
// frame.
func (w *wire) hang() {
	if half, ok := w.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // an error means that the peer is gone
	}
}
