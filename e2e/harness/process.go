package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Descriptors returns the number of files and connections that the process has open,
// without idle connections of our polling clients.
func (s *Server) Descriptors() int {
	s.t.Helper()
	s.client.CloseIdleConnections()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// PeakMemory returns the peak resident memory of the process, in bytes. With the race
// detector, which needs several times as much memory, ok is false.
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
