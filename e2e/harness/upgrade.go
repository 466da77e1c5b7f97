package harness

import "time"

// handOver makes the reader wait while an upgrade changes the transport.
func (k *Socket) handOver() {
	k.mu.Lock()
	upgrading, paused := k.upgrading, k.paused
	k.mu.Unlock()
	if upgrading == nil {
		return
	}
	close(paused)
	<-upgrading
	k.mu.Lock()
	defer k.mu.Unlock()
	k.upgrading, k.paused = nil, nil
}

// Upgrade moves a polling socket to a websocket as the official clients do:
// probe, wait for the poll under way, upgrade.
func (k *Socket) Upgrade() {
	k.t.Helper()
	if a := k.TryUpgrade(k.header()); a != nil {
		k.t.Fatalf("upgrade refused: %d %s", a.Status, a.Body)
	}
}

// TryUpgrade is Upgrade with additional headers. It returns a refusal; then the socket
// stays on polling.
func (k *Socket) TryUpgrade(header map[string]string) *Answer {
	k.t.Helper()
	w, res, err := dialWebsocket(k.s, "/socket.io/?EIO=4&transport=websocket&sid="+k.Open.SID, header)
	if err != nil {
		k.t.Fatalf("upgrade: %v", err)
	}
	if w == nil {
		return answerOf(k.t, res, "GET upgrade")
	}
	upgrading, paused := make(chan struct{}), make(chan struct{})
	k.mu.Lock()
	k.upgrading, k.paused = upgrading, paused
	k.mu.Unlock()
	if err := w.write("2probe"); err != nil {
		k.t.Fatalf("probe: %v", err)
	}
	if answer, err := w.read(); err != nil || answer[0] != "3probe" {
		k.t.Fatalf("probe: answer %q, %v", answer, err)
	}
	select {
	case <-paused: // the pending poll was answered
	case <-time.After(Patience):
		k.t.Fatal("the server did not end the poll under way after the probe")
	}
	if err := w.write("5"); err != nil {
		k.t.Fatalf("upgrade: %v", err)
	}
	k.mu.Lock() // the reader is paused: from now on packets use the websocket
	k.wire = w
	k.mu.Unlock()
	close(upgrading)
	return nil
}
