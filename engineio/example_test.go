package engineio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/turnike/turnike/engineio"
)

// echo sends back each message.
type echo struct {
	conn  *engineio.Conn
	ended chan<- string // buffered
}

func (e echo) Message(data []byte, binary bool) {
	if binary {
		e.conn.Send(engineio.Binary(data))
		return
	}
	e.conn.Send(engineio.Text([]byte("you said "), data))
}

func (e echo) Closed(why engineio.Closure) { e.ended <- why.Reason }

// An echo server, and what a client receives from it by long-polling.
func Example() {
	ended := make(chan string, 1)
	server := engineio.NewServer(engineio.Config{}, func(c *engineio.Conn, _ *http.Request) (engineio.Receiver, error) {
		return echo{c, ended}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", server)
	web := httptest.NewServer(mux)
	defer web.Close()

	session := web.URL + "/engine.io/?EIO=4&transport=polling"
	open := request("GET", session, "")
	session += "&sid=" + open[len(`0{"sid":"`):strings.Index(open, `","`)]
	fmt.Println(request("POST", session, "4hello\x1ebAQID"))
	fmt.Println(request("GET", session, ""))
	fmt.Println(request("POST", session, "1")) // the client leaves
	fmt.Println("closed:", <-ended)

	server.Close(1001, "going away")
	if err := server.Wait(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ok
	// 4you said hello bAQID
	// ok
	// closed: transport close
}

// An application refuses a request with its own answer.
func ExampleHTTPError() {
	server := engineio.NewServer(engineio.Config{
		CheckRequest: func(r *http.Request, _ *engineio.Conn) error {
			if r.Header.Get("Origin") == "https://evil.example" {
				return &engineio.HTTPError{Status: http.StatusForbidden, Body: []byte("not from there")}
			}
			return nil
		},
	}, func(c *engineio.Conn, _ *http.Request) (engineio.Receiver, error) { return echo{conn: c}, nil })
	r := httptest.NewRequest("GET", "/engine.io/?EIO=4&transport=polling", nil)
	r.Header.Set("Origin", "https://evil.example")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 403 not from there
}

// One payload is encoded once for any number of connections, of both transports.
func ExampleConcat() {
	news := engineio.Concat(engineio.Text([]byte("first")), engineio.Binary([]byte{1, 2, 3}))
	var everybody []*engineio.Conn
	for _, c := range everybody {
		c.Send(news)
	}
	fmt.Println(news.Packets(), "packets,", news.Len(), "bytes on a websocket")
	// Output: 2 packets, 13 bytes on a websocket
}

// request sends a client's request. The separator of packets in an answer is not
// printable; it becomes a space.
func request(method, url, body string) string {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "text/plain")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(answer), "\x1e", " ")
}
