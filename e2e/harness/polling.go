package harness

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// polling is the long-polling transport: a pending GET, and a POST for each packet.
type polling struct {
	s      *Server
	path   string // with the sid
	header map[string]string
	closed atomic.Bool
}

// request sends one request of the transport.
func (p *polling) request(method, body string) (string, error) {
	req, err := http.NewRequest(method, p.s.URL+p.path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	for name, value := range p.header {
		req.Header.Set(name, value)
	}
	res, err := p.s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("polling %s: %d %s", method, res.StatusCode, answer)
	}
	return string(answer), nil
}

func (p *polling) read() ([]string, error) {
	body, err := p.request(http.MethodGet, "")
	if err != nil {
		return nil, err
	}
	packets := strings.Split(body, "\x1e")
	if len(packets) > 16 {
		return nil, fmt.Errorf("%d packets in one answer, at most 16 are allowed", len(packets))
	}
	return packets, nil
}

func (p *polling) write(packet string) error {
	answer, err := p.request(http.MethodPost, packet)
	if err == nil && answer != "ok" {
		return fmt.Errorf("polling POST: %q, want ok", answer)
	}
	return err
}

func (p *polling) close() { p.closed.Store(true) }

// withBody restores a response's body after it was read.
func withBody(res *http.Response, body []byte) *http.Response {
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res
}
