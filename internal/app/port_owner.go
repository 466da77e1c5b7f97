package app

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/turnike/turnike/internal/input"
)

// portOwner returns the process that listens on the port of an address, such as
// "nginx (process 812)". It returns "" for another user's process and outside Linux.
func portOwner(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return ""
	}
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, inode := range listeners(raw, uint16(number)) {
			sockets["socket:["+inode+"]"] = true
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is a good one
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !sockets[target] {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			return "process " + pid
		}
		return fmt.Sprintf("%s (process %s)", input.Printable(strings.TrimSpace(string(name))), pid)
	}
	return ""
}

// listeners returns the inodes of the sockets that listen on a port. The table has
// the format of /proc/net/tcp (proc_net_tcp(5)).
func listeners(table []byte, port uint16) []string {
	const listening = "0A"
	var inodes []string
	for s := bufio.NewScanner(bytes.NewReader(table)); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) < 10 || fields[3] != listening || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
			continue
		}
		inodes = append(inodes, fields[9])
	}
	return inodes
}
