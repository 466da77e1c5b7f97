package socketio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/turnike/turnike/socketio"
)

// talker is a long-polling client that prints the packets on the wire.
type talker struct {
	web    *httptest.Server
	server *socketio.Server
	url    string
	heard  []string
}

// dial starts a server with h and opens a connection to it.
func dial(h http.Handler, server *socketio.Server) *talker {
	t := &talker{web: httptest.NewServer(h), server: server}
	t.url = t.web.URL + "/socket.io/?EIO=4&transport=polling"
	open := t.request("GET", "")
	t.url += "&sid=" + open[len(`0{"sid":"`):strings.Index(open, `","`)]
	return t
}

// say sends Engine.IO packets to the server.
func (t *talker) say(packets ...string) { t.request("POST", strings.Join(packets, "\x1e")) }

var socketID = regexp.MustCompile(`"sid":"\w+"`)

// hear prints the next n packets.
func (t *talker) hear(n int) {
	for len(t.heard) < n {
		t.heard = append(t.heard, strings.Split(t.request("GET", ""), "\x1e")...)
	}
	for _, packet := range t.heard[:n] {
		fmt.Println(socketID.ReplaceAllString(packet, `"sid":"…"`))
	}
	t.heard = t.heard[n:]
}

func (t *talker) request(method, body string) string {
	r, err := http.NewRequest(method, t.url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	return string(answer)
}

// close ends the server with all its connections.
func (t *talker) close() {
	t.server.Close(1001, "over")
	if err := t.server.Wait(context.Background()); err != nil {
		panic(err)
	}
	t.web.Close()
}
