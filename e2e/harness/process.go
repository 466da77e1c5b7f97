package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Descriptors is how many files and connections the process has open, those aside
// that our own polling clients keep for later.
func (s *Server) Descriptors() int {
	s.t.Helper()
	s.client.CloseIdleConnections()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// PeakMemory is the most that the process had resident since it started, in
// bytes. It says nothing of the product when the race detector is built in, which
// keeps several times as much: ok is false then.
func (s *Server) PeakMemory() (bytes int64, ok bool) {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kib, 10, 64)
	if err != nil {
		s.t.Fatalf("VmHWM of the process: %v", err)
	}
	return n << 10, !raceDetector
}
