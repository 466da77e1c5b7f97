package engineio

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// maxFragments is the maximum number of frames in one message. [SEC-38]
const maxFragments = 64

// frameReader reads the frames of a websocket client. It allocates nothing while it
// waits, and at most one pooled buffer more than it has received.
type frameReader struct {
	conn    net.Conn
	limit   int           // of a message
	timeout time.Duration // of a message, from its first byte to its last
	pool    *sync.Pool    // of *[bufferSize]byte

	early    []byte    // bytes that arrived with the handshake; read first
	buf      [128]byte // read ahead: a small frame needs one read and no buffer
	from, to int       // the unread part of buf
	head     [ws.MaxHeaderSize]byte
	timed    bool // a read deadline is set

	kind      ws.OpCode // of the fragmented message
	fragments int       // its frames so far; zero between messages
	message   []byte    // its data so far
	pooled    *[bufferSize]byte
}

// next returns the next complete message or control frame. The data is valid until next
// is called again. A protocolError contains the close code.
func (r *frameReader) next() (op ws.OpCode, data []byte, err error) {
	if r.fragments == 0 {
		r.recycle()
	}
	for {
		h, err := r.header()
		if err != nil {
			return 0, nil, err
		}
		if h.OpCode.IsControl() {
			data, err = r.small(h)
			if err == nil && r.fragments == 0 {
				err = r.untimed()
			}
			return h.OpCode, data, err
		}
		done, err := r.data(h)
		if err != nil {
			return 0, nil, err
		}
		if done {
			op, data = r.kind, r.message
			r.fragments, r.message = 0, nil
			if op == ws.OpText && !utf8.Valid(data) {
				return 0, nil, protocolError{codeEncoding, "text is not UTF-8", ReasonTransportError} // [RFC6455:8.1]
			}
			return op, data, r.untimed()
		}
	}
}

// header reads and checks the header of a frame. [RFC6455:5.2]
func (r *frameReader) header() (ws.Header, error) {
	if err := r.await(2, r.fragments == 0); err != nil {
		return ws.Header{}, err
	}
	h, err := ws.ReadHeaderBuffer(r, r.head[:])
	if errors.Is(err, ws.ErrHeaderLengthMSB) {
		return h, protocolError{codeProtocol, err.Error(), ReasonTransportError}
	}
	if err != nil {
		return h, err
	}
	state := ws.StateServerSide
	if r.fragments > 0 {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return h, protocolError{codeProtocol, err.Error(), ReasonTransportError}
	}
	return h, nil
}

// data reads a data frame and appends it to the message.
func (r *frameReader) data(h ws.Header) (done bool, err error) {
	if h.Length > int64(r.limit-len(r.message)) {
		return false, protocolError{codeTooBig, "message too big", ReasonTransportError} // [RFC6455:7.4.1]
	}
	if r.fragments++; r.fragments > maxFragments {
		return false, protocolError{codePolicy, "too many fragments", ReasonTransportError}
	}
	if h.OpCode != ws.OpContinuation {
		r.kind = h.OpCode
	}
	if h.Fin && r.fragments == 1 && h.Length <= int64(len(r.buf)) {
		r.message, err = r.small(h)
		return true, err
	}
	start := len(r.message)
	if r.pooled == nil && r.message == nil {
		r.pooled = r.pool.Get().(*[bufferSize]byte)
		r.message = r.pooled[:0]
	}
	for left := int(h.Length); left > 0; {
		if len(r.message) == cap(r.message) {
			r.grow(left)
		}
		room := r.message[len(r.message):min(cap(r.message), len(r.message)+left)]
		n, err := r.Read(room)
		r.message = r.message[:len(r.message)+n]
		left -= n
		if err != nil {
			return false, err
		}
	}
	ws.Cipher(r.message[start:], h.Mask, 0) // [RFC6455:5.3]
	return h.Fin, nil
}

// grow doubles the message's buffer, so that it allocates no more than it has received.
// [SEC-38]
func (r *frameReader) grow(left int) {
	bigger := make([]byte, len(r.message), min(2*cap(r.message), len(r.message)+left))
	copy(bigger, r.message)
	r.message = bigger
	r.giveBack()
}

// small reads the payload of a frame that fits into the read-ahead buffer.
func (r *frameReader) small(h ws.Header) ([]byte, error) {
	n := int(h.Length)
	if err := r.await(n, false); err != nil {
		return nil, err
	}
	data := r.buf[r.from : r.from+n]
	r.from += n
	ws.Cipher(data, h.Mask, 0)
	return data, nil
}

// await reads until buf has at least n unread bytes. While idle, waiting for the first
// byte has no deadline.
func (r *frameReader) await(n int, idle bool) error {
	for r.to-r.from < n {
		if r.from > 0 {
			r.to = copy(r.buf[:], r.buf[r.from:r.to])
			r.from = 0
		}
		if !idle || r.to > 0 {
			if err := r.time(); err != nil {
				return err
			}
		}
		k, err := r.fill(r.buf[r.to:])
		r.to += k
		if err != nil && r.to-r.from < n {
			return err
		}
	}
	return nil
}

// Read implements io.Reader for the payload of a frame.
func (r *frameReader) Read(p []byte) (int, error) {
	if r.from < r.to {
		n := copy(p, r.buf[r.from:r.to])
		r.from += n
		return n, nil
	}
	if err := r.time(); err != nil {
		return 0, err
	}
	// Read ahead if p is small: this saves a read for the next frame.
	if len(p) < len(r.buf) {
		if err := r.await(1, false); err != nil {
			return 0, err
		}
		return r.Read(p)
	}
	return r.fill(p)
}

// fill reads from the connection.
func (r *frameReader) fill(p []byte) (int, error) {
	if len(r.early) > 0 {
		n := copy(p, r.early)
		if r.early = r.early[n:]; len(r.early) == 0 {
			r.early = nil
		}
		return n, nil
	}
	n, err := r.conn.Read(p)
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}

// time starts the deadline of a message unless it is running.
func (r *frameReader) time() error {
	if r.timed {
		return nil
	}
	r.timed = true
	return r.conn.SetReadDeadline(time.Now().Add(r.timeout))
}

// untimed clears the deadline.
func (r *frameReader) untimed() error {
	if !r.timed {
		return nil
	}
	r.timed = false
	return r.conn.SetReadDeadline(time.Time{})
}

// recycle returns the buffer of the last message to the pool.
func (r *frameReader) recycle() {
	r.message = nil
	r.giveBack()
}

func (r *frameReader) giveBack() {
	if r.pooled != nil {
		r.pool.Put(r.pooled)
		r.pooled = nil
	}
}
