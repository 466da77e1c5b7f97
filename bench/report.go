package main

import (
	"fmt"
	"strings"
)

// markdown returns the report: the figures side by side, how they were taken, and the
// machine.
func markdown(r *results, opts options, machine string) string {
	var b strings.Builder
	b.WriteString("# Measurements\n\nWritten by `make bench`; what is measured and how says `bench/doc.go`.\n\n")
	if opts.quick {
		b.WriteString("**Taken with -quick: the sizes are too small to mean anything.**\n\n")
	}
	table(&b, r, opts)
	fmt.Fprintf(&b, "\nEach figure: the median of %d, below it the range; × is how many times ours the peer needs. A fresh server for each,\n"+
		"in turn. The state behind ours is durable (a committed transaction per admission), the peers' is a map in memory.\n"+
		"Targets in µs were set on another machine; \"here\" is the target times how much longer Node needs here than there.\n", opts.repeat)
	if len(r.failures)+len(r.absent) > 0 {
		b.WriteString("\n## Not measured\n\n")
		for name, why := range r.absent {
			fmt.Fprintf(&b, "- %s: %v\n", name, why)
		}
		for _, f := range r.failures {
			fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(f, "\n", " "))
		}
	}
	fmt.Fprintf(&b, "\n## Sizes\n\n%s\n## Machine\n\n%s", describeSizes(opts), machine)
	return b.String()
}

// table writes a table for each section, the unnamed one first.
func table(b *strings.Builder, r *results, opts options) {
	section := "\x00"
	for _, m := range opts.modes {
		if m.section != section {
			section = m.section
			if section != "" {
				fmt.Fprintf(b, "\n## %s\n\n", section)
			}
			b.WriteString("| metric | ours must reach |")
			for _, p := range r.shown(opts.modes, section) {
				fmt.Fprintf(b, " %s |", p.title)
			}
			b.WriteString("\n|---|---|" + strings.Repeat("---|", len(r.shown(opts.modes, section))) + "\n")
		}
		for _, k := range m.metrics {
			fmt.Fprintf(b, "| %s | %s |", k.title, aim(r, k))
			for _, p := range r.shown(opts.modes, section) {
				fmt.Fprintf(b, " %s |", cell(r, k, p))
			}
			b.WriteString("\n")
		}
	}
}

// shown returns the peers that have a column in a section.
func (r *results) shown(modes []mode, section string) (list []*peer) {
	for _, p := range r.peers {
		for _, m := range modes {
			if m.section == section && !m.skips(p) {
				list = append(list, p)
				break
			}
		}
	}
	return list
}

// aim returns the target, and its value scaled to this machine.
func aim(r *results, k metric) string {
	here := r.of(k, nodePeer())
	if k.node == 0 || here.taken == 0 {
		return k.target
	}
	return fmt.Sprintf("%s<br>here %s", k.target, number(k.limit*here.median/k.node, k.digits))
}

// cell formats one figure: Turnike's in bold, a peer's with its ratio to Turnike's.
func cell(r *results, k metric, p *peer) string {
	s := r.of(k, p)
	if s.taken == 0 {
		if r.absent[p.name] != nil {
			return "not measured"
		}
		return "-"
	}
	text := number(s.median, k.digits)
	if p.name == ours {
		text = "**" + text + "**"
	} else if own := r.of(k, turnike()); own.taken > 0 && own.median > 0 && !k.exact {
		text += fmt.Sprintf(" (%.2g×)", s.median/own.median)
	}
	if k.quiet != "" {
		text += fmt.Sprintf(" (%s without)", number(r.of(metric{key: k.quiet}, p).median, k.digits))
	}
	if s.taken > 1 && s.least != s.most {
		text += fmt.Sprintf("<br>%s to %s", number(s.least, k.digits), number(s.most, k.digits))
	}
	return text
}

// number formats a number with thousands separators.
func number(x float64, digits int) string {
	text := fmt.Sprintf("%.*f", digits, x)
	whole, rest, fraction := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction {
		rest = "." + rest
	}
	return sign + whole + rest
}

func describeSizes(opts options) string {
	z := opts.sizes
	return fmt.Sprintf(`- connect: %d users, %d at once, after as many that warm up; ours find one other user in their pool, who is told; the
  peers tell nobody
- idle: %d users, ours in pools of %d; looked at %g s after the last came. Ours collects its garbage by itself
  2 s after a ramp: the figure is what stays
- echo: %d clients for %g s, each sending as soon as it was answered
- fanout: up to %d users join one after the other and %d are told, each before the next comes. Two frames tell it
  (user_status, connection_slots): ours in one write; the floor's is one frame of as many bytes
- burst: %d users join at once and %d are told, up to %d times
- storm: %d users join and all are told (%d with Flask)
- seats: %d users ask at once for %d seats
- kick: %d sockets, %d of them ended one after the other by `+"`turnike session end`"+`; the clock starts with the end's own time,
  before its commit
- rounds of fanout and burst stop when the server has worked for %g s
- scale: everybody in one pool with a seat each, told of everybody (ours only of their number above 5,000), under the default
  limits; SIGTERM, start on the same data, and all come back with the official client's first delay of 0.5 to 1.5 s
- hostile: %d healthy clients, ten pings a second each, %d times %g s in quiet and %g s beside the attack, which comes from other
  addresses, has %d connections (slow readers %d, slowloris %d, idle %d, bad logins %d) and does %d things a second where it
  can. Round trips count from when a ping was due. The attacker works on the same cores as the server
- siege: as many connections and guesses for %v on 50 accounts, of which the owner of one logs in a second after each login
- login: %d of each kind in turn, on one connection
- soak (only when named): %v
`, z.connects, z.parallel, z.idle, z.idlePerPool, z.settleSeconds, z.echoClients, z.echoSeconds, z.joins, z.fanoutMembers,
		z.burst, z.burstMembers, z.rounds, z.storm, z.slowStorm, z.seatClients, z.seats, z.kickSockets, z.kicks, z.enoughCPU,
		z.healthy, z.attackRounds, z.quietSeconds, z.attackSeconds, z.force.conns, z.force.slow, z.force.loris, z.force.idle, z.force.logins,
		z.force.perSecond, z.siege, z.logins, z.soak)
}
