package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a real connection may take here.
const patience = 10 * time.Second

// TestSEC36_Hello checks that a connection is accepted when its ClientHello has arrived, or
// bytes that cannot become one, not before, and with all of its bytes.
func TestSEC36_Hello(t *testing.T) {
	whole := clientHello(t)
	tests := map[string]struct{ early, last string }{
		"at once":              {"", whole},
		"with more":            {"", whole + "more"},
		"the first byte":       {whole[:1], whole[1:]},
		"the head":             {whole[:recordHead], whole[recordHead:]},
		"all but one":          {whole[:len(whole)-1], whole[len(whole)-1:]},
		"plain HTTP":           {"", "G"},
		"longer than a record": {"\x16\x03\x01", "\xff\xff"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := listenHello(t)
			c := dialHello(t, l)
			say(t, c, tt.early)
			say(t, dialHello(t, l), "GET") // is accepted after all that was said before
			if got := acceptHello(t, l); got.RemoteAddr().String() == c.LocalAddr().String() {
				t.Fatal("accepted too early")
			}
			say(t, c, tt.last)
			got := acceptHello(t, l)
			all := make([]byte, len(tt.early+tt.last))
			if _, err := io.ReadFull(got, all); err != nil || string(all) != tt.early+tt.last {
				t.Errorf("read %q, %v", all, err)
			}
		})
	}
}

// TestSEC36_HelloGone checks that a connection that closes before its hello is forgotten, and
// that closing the listener cuts the waiting ones.
func TestSEC36_HelloGone(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := listenHello(t)
	silent, half, going := dialHello(t, l), dialHello(t, l), dialHello(t, l)
	say(t, half, "\x16\x03\x01")
	say(t, dialHello(t, l), "GET")
	acceptHello(t, l)
	_ = going.Close() // and says nothing
	for end := time.Now().Add(patience); l.held() > 2; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("a closed connection still waits")
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]net.Conn{"silent": silent, "half": half} {
		_ = c.SetReadDeadline(time.Now().Add(patience)) // it is a real connection
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("%s: %v, want its end", name, err)
		}
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept of a closed listener: %v", err)
	}
}

// held returns how many connections wait.
func (l *helloListener) held() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

func listenHello(t *testing.T) *helloListener {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newHelloListener(inner)
	t.Cleanup(func() { _ = l.Close() }) // once more
	return l
}

func dialHello(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // or is
	return c
}

func acceptHello(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // or is
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

func say(t *testing.T, c net.Conn, words string) {
	t.Helper()
	if _, err := io.WriteString(c, words); err != nil {
		t.Fatal(err)
	}
}

// clientHello is what a client says first.
func clientHello(t *testing.T) string {
	t.Helper()
	client, server := net.Pipe()
	defer func() { _ = server.Close() }() // the client hears nothing
	go func() { _ = tls.Client(client, &tls.Config{ServerName: "localhost"}).Handshake() }()
	data := make([]byte, maxRecord)
	n, err := server.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(data[:n])
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
