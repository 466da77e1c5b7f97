package engine_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// patience is the timeout of waits; a passing test never reaches it.
const patience = 20 * time.Second

// attack is the data that an attacker writes on a TCP connection, and how the connection
// must end.
type attack struct {
	cve  string
	name string
	// before is written and answered first: see upgraded.
	before string
	raw    string
	// more is written repeatedly, the given number of times.
	more  string
	times int
	// want begins the answer: a status line, or "close CODE" of a websocket, or
	// "alive" when an echo has to be answered.
	want string
}

// upgrade is a websocket's handshake with room for more headers.
func upgrade(query, headers string) string {
	return "GET /socket.io/?" + query + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + headers + "\r\n"
}

var upgraded = upgrade("EIO=4&transport=websocket", "")

// masked returns a client's frame with an arbitrary first byte.
func masked(first byte, data string) string {
	b := ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(0, true, []byte(data))))
	b[0] = first
	return string(b)
}

func text(data string) string { return masked(0x81, data) }

// claims returns the header of a text frame that claims a length.
func claims(n uint64) string {
	return "\x81\xff" + string(binary.BigEndian.AppendUint64(nil, n)) + "mask"
}

// post returns the header of a POST of a polling session.
func post(contentType, length string) string {
	return "POST /socket.io/?EIO=4&transport=polling&sid=SID HTTP/1.1\r\nHost: x\r\nContent-Type: " + contentType + "\r\n" + length + "\r\n\r\n"
}

// Vulnerabilities of similar implementations, as bytes on the wire.
func attacks() []attack {
	const mega = 1 << 20
	var headers strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&headers, "X-%d: 1\r\n", i)
	}
	return []attack{
		{"CVE-2016-10542", "a frame of 100 MB", upgraded, claims(100 << 20), strings.Repeat("x", mega), 100, "close 1009"},
		{"CVE-2020-36048", "a polling body of 100 MB", "", post("text/plain", "Content-Length: 104857600"), strings.Repeat("4", mega), 100, "HTTP/1.1 413"},
		{"CVE-2020-36048", "a polling body of 100 MB in chunks", "", post("text/plain", "Transfer-Encoding: chunked"),
			"100000\r\n" + strings.Repeat("4", mega) + "\r\n", 100, "HTTP/1.1 413"},
		{"CVE-2020-36048", "tiny packets", "", post("text/plain", "Content-Length: 60000"), "2\x1e", 30000, "HTTP/1.1 400"},
		{"CVE-2020-36049", "an id of 60000 digits", upgraded, text("40") + text("42"+strings.Repeat("9", 60000)+`["a"]`), "", 0, "close 1002"},
		{"CVE-2020-36049", "deep nesting", upgraded, text("40") + text(`42["a",`+strings.Repeat("[", 30000)), "", 0, "close 1008"},
		{"CVE-2021-32640", "white space in Sec-WebSocket-Protocol", "", upgrade("EIO=4&transport=websocket", "Sec-WebSocket-Protocol: a"+strings.Repeat(" ", 60000)+"b\r\n"), "", 0, "HTTP/1.1 101"},
		{"CVE-2022-2421", "a placeholder's number is a name", upgraded, text("40") + text(`451-["a",{"_placeholder":true,"num":"splice"}]`) + masked(0x82, "x"), "", 0, "close 1008"},
		{"CVE-2022-21676", "RSV2", upgraded, masked(0xa1, "4x"), "", 0, "close 1002"},
		{"CVE-2022-21676", "RSV3", upgraded, masked(0x91, "4x"), "", 0, "close 1002"},
		{"CVE-2023-31125", "an array for a query parameter", "", "GET /socket.io/?EIO=4&transport[]=polling&transport[]=websocket&sid[]=x&EIO[a]=4 HTTP/1.1\r\nHost: x\r\n\r\n", "", 0, "HTTP/1.1 400"},
		{"CVE-2023-31125", "twice a query parameter", "", upgrade("EIO=4&EIO=4&transport=websocket&transport=polling", ""), "", 0, "HTTP/1.1 101"},
		{"CVE-2023-32695", "an event's name is an object", upgraded, text("40") + text(`42[{"toString":"foo"}]`), "", 0, "close 1002"},
		{"CVE-2024-37890", "3000 headers", "", upgrade("EIO=4&transport=websocket", headers.String()), "", 0, "HTTP/1.1 101"},
		{"CVE-2024-38355", "an event called error", upgraded, text("40") + text(`42["error"]`), "", 0, "alive"},
		{"CVE-2026-33151", "a thousand million attachments", upgraded, text("40") + text(`451000000000-["a"]`), "", 0, "close 1008"},
		{"CVE-2026-33151", "attachments without end", upgraded, text("40") + text(`4510-["a"]`), masked(0x82, strings.Repeat("x", 60000)), 10, "close 1008"},
		{"CVE-2026-45736", "a close frame of one byte", upgraded, masked(0x88, "x"), "", 0, "close 1002"},
		{"CVE-2026-45736", "nothing but the code and our words in the answer to a close", upgraded, text("40") + masked(0x88, "\x03\xe8"+strings.Repeat("r", 123)), "", 0, "close 1000 transport close"},
		{"CVE-2026-48779", "tiny fragments", upgraded, masked(0x01, "4"), masked(0x00, ""), 100000, "close 1008"},
		{"CVE-2026-48802", "pongs nobody asked for", upgraded, text("40"), text("3"), 10, "close 1008"},
		{"CVE-2026-59725", "a binary body", "", post("application/octet-stream", "Content-Length: 3") + "\x00\x01\xff", "", 0, "HTTP/1.1 400"},
		{"CVE-2026-27889", "a length with the top bit set", upgraded, claims(1 << 63), "", 0, "close 1002"},
		{"CVE-2026-27889", "a length of all ones", upgraded, claims(1<<64 - 1), "", 0, "close 1002"},
	}
}

// After each attack the process runs, its memory is bounded and other clients are
// served; the attacker is refused.
func TestCVE(t *testing.T) {
	url := server(t)
	address := strings.TrimPrefix(url, "http://")
	healthy := join(t, address)
	for _, a := range attacks() {
		t.Run(a.cve+"/"+a.name, func(t *testing.T) {
			before := heap()
			conn, r := connect(t, address)
			sid := ""
			if strings.Contains(a.raw, "SID") {
				sid = poll(t, url)
			}
			if a.before != "" {
				write(t, conn, a.before)
				open(t, r)
			}
			told := make(chan string, 1)
			go func() { told <- answer(r, a.want == "alive") }()
			write(t, conn, strings.ReplaceAll(a.raw, "SID", sid))
			for range a.times {
				if _, err := io.WriteString(conn, a.more); err != nil {
					break // told off already
				}
			}
			if a.want == "alive" {
				write(t, conn, text(`427["echo","alive"]`))
			}
			if got := <-told; !strings.HasPrefix(got, a.want) {
				t.Errorf("got %.80q, want %q", got, a.want)
			}
			if sid != "" && !strings.HasPrefix(a.want, "HTTP/1.1 413") {
				if status := get(t, url, sid); status != 400 {
					t.Errorf("the session is still open: %d", status)
				}
			}
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("%d bytes more on the heap", grown)
			}
			healthy.echo(t)
		})
	}
	t.Run("CVE-2022-41940/a reset at each step of an upgrade", func(t *testing.T) {
		before := heap()
		for step := range 5 {
			sid := poll(t, url)
			conn, r := connect(t, address)
			raw := upgrade("EIO=4&transport=websocket&sid="+sid, "")
			switch step {
			case 0:
				write(t, conn, raw[:len(raw)/2])
			case 1:
				write(t, conn, raw)
			default:
				write(t, conn, raw)
				if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 101 {
					t.Fatal(res, err)
				}
				write(t, conn, text("2probe")[:[]int{0, 0, 3, 12, 12}[step]])
				if step == 4 {
					write(t, conn, text("5"))
				}
			}
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
			healthy.echo(t)
		}
		if grown := heap() - before; grown > 4<<20 {
			t.Errorf("%d bytes more on the heap", grown)
		}
	})
}

// heap returns the memory in use after garbage collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func connect(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn, bufio.NewReader(conn)
}

func write(t *testing.T, conn net.Conn, data string) {
	t.Helper()
	if _, err := io.WriteString(conn, data); err != nil {
		t.Log(err) // told off already
	}
}

// open reads the answer to a websocket's handshake and the open packet.
func open(t *testing.T, r *bufio.Reader) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	if f, err := readFrame(r); err != nil || !strings.HasPrefix(f, "0{") {
		t.Fatal(f, err)
	}
}

// readFrame reads a frame: its text, or "close CODE REASON".
func readFrame(r io.Reader) (string, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return "", err
	}
	data := make([]byte, h.Length)
	if _, err := io.ReadFull(r, data); err != nil {
		return "", err
	}
	if h.OpCode == ws.OpClose {
		code, reason := ws.ParseCloseFrameData(data)
		return fmt.Sprintf("close %d %s", code, reason), nil
	}
	return string(data), nil
}

// answer returns the server's answer to an attack: a status line, the last frame of a
// websocket, or "alive" if the echo arrived.
func answer(r *bufio.Reader, echo bool) string {
	if line, err := r.Peek(4); err == nil && bytes.Equal(line, []byte("HTTP")) {
		line, err := r.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		return line
	}
	for {
		f, err := readFrame(r)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return "never told off"
		case err != nil:
			return "no close frame: " + err.Error()
		case strings.HasPrefix(f, "close "):
			return f
		case echo && f == `437["alive"]`:
			return "alive"
		}
	}
}

// poll opens a polling session.
func poll(t *testing.T, url string) (sid string) {
	t.Helper()
	res, err := http.Get(url + "/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(body), `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("open packet %q", body)
	}
	return sid
}

// get polls.
func get(t *testing.T, url, sid string) int {
	t.Helper()
	res, err := http.Get(url + "/socket.io/?EIO=4&transport=polling&sid=" + sid)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// bystander is a normal client.
type bystander struct {
	conn net.Conn
	r    *bufio.Reader
}

func join(t *testing.T, address string) bystander {
	t.Helper()
	conn, r := connect(t, address)
	conn.SetDeadline(time.Time{})
	write(t, conn, upgraded+text("40"))
	open(t, r)
	return bystander{conn, r}
}

// echo requires that the client is served normally.
func (b bystander) echo(t *testing.T) {
	t.Helper()
	b.conn.SetDeadline(time.Now().Add(patience))
	write(t, b.conn, text(`427["echo","alive"]`))
	for {
		f, err := readFrame(b.r)
		switch {
		case err != nil:
			t.Fatal(err)
		case f == "2":
			write(t, b.conn, text("3"))
		case f == `437["alive"]`:
			return
		}
	}
}
