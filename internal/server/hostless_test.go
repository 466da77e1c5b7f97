package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestNoHostIsLogged checks that a request without Host is refused (RFC 9112, section 3.2),
// and that one line a minute says what to do.
func TestNoHostIsLogged(t *testing.T) {
	var log bytes.Buffer
	s, err := Listen(t.Context(), Options{Addr: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	ask := func(headers string) int {
		t.Helper()
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\n"+headers+"\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(answer.Body.Close(), c.Close()); err != nil {
			t.Error(err)
		}
		return answer.StatusCode
	}
	for range 3 {
		if status := ask(""); status != http.StatusBadRequest {
			t.Errorf("without Host: %d", status)
		}
		if status := ask("Host: localhost\r\n"); status != http.StatusNoContent {
			t.Errorf("with Host: %d", status)
		}
	}
	if err := errors.Join(s.Shutdown(t.Context()), <-done); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "no Host header") != 1 || !strings.Contains(text, "remote=127.0.0.1") {
		t.Error(text)
	}
}
