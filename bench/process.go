package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// rss returns the process's resident memory, in bytes.
func (s *server) rss() (int64, error) {
	kib, err := s.status("VmRSS")
	return kib << 10, err
}

// threads returns the number of threads of the process.
func (s *server) threads() (int64, error) { return s.status("Threads") }

// status returns a number from /proc/PID/status.
func (s *server) status(name string) (int64, error) {
	value := field(s.proc("status"), name)
	if value == "" {
		return 0, errors.New("no " + name + " in /proc/PID/status")
	}
	return strconv.ParseInt(strings.TrimSuffix(value, " kB"), 10, 64)
}

// descriptors returns the number of open files and sockets of the process.
func (s *server) descriptors() (int64, error) {
	list, err := os.ReadDir(s.proc("fd"))
	return int64(len(list)), err
}

func (s *server) proc(file string) string {
	return "/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/" + file
}

// goroutines returns the number of goroutines from the process's metrics, or -1 without
// metrics.
func (s *server) goroutines(ctx context.Context) (int64, error) {
	if s.metrics == "" {
		return -1, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metrics+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	request.Close = true // its own connection is not to be counted the next time
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return int64(n), err
		}
	}
	return 0, fmt.Errorf("%s: no go_goroutines in /metrics", answer.Status)
}
