package realtime

import (
	"regexp"
	"testing"

	"github.com/gobwas/ws"
)

// What ping_manual is given it gives back, a Buffer as a Buffer: in the answer
// and in pong_manual, wherever it stands.
func TestPingManualEchoesABuffer(t *testing.T) {
	w := newWorld(t)
	_, raw := w.login("ada", "laptop")
	p := w.connect(raw)
	p.send(`451-7["ping_manual",{"n":1,"data":{"_placeholder":true,"num":0}}]`)
	f := ws.MaskFrame(ws.NewFrame(ws.OpBinary, true, []byte{1, 2, 3}))
	if _, err := p.conn.Write(ws.MustCompileFrame(f)); err != nil {
		t.Fatal(err)
	}
	for _, head := range []string{`^461-7\[`, `^451-\["pong_manual",`} {
		want := regexp.MustCompile(head + `\{"timestamp":"[^"]+","server_time_ms":\d+,"echo":\{"n":1,"data":\{"_placeholder":true,"num":0\}\}\}\]$`)
		if got := p.read(); !want.MatchString(got) {
			t.Fatalf("got %q", got)
		}
		if got := p.read(); got != "\x01\x02\x03" {
			t.Fatalf("attachment %q", got)
		}
	}
}
