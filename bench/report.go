package main

import (
	"fmt"
	"strings"
)

// markdown is the report: the figures side by side, how they came about, and
// the machine.
func markdown(r *results, opts options, machine string) string {
	var b strings.Builder
	b.WriteString("# Measurements\n\n`make bench` writes this page. `bench/doc.go` explains what is measured and how.\n\n")
	if opts.quick {
		b.WriteString("**Measured with -quick: the sizes are too small to mean anything.**\n\n")
	}
	table(&b, r, opts)
	fmt.Fprintf(&b, "\nEach figure is the median of %d runs, with their range below it. \"4×\" means that the peer needs four times as much as Turnike.\n"+
		"Each run starts a fresh server, and the servers take turns. Turnike's state is durable (a committed transaction per admission);\n"+
		"the peers keep theirs in a map in memory. Targets in µs were set on another machine: \"here\" is the target times how much longer\n"+
		"Node needs here than there.\n", opts.repeat)
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
			b.WriteString("| metric | target |")
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

// shown are the peers that a section has a column for.
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

// aim is what is asked of us, and what that is on this machine.
func aim(r *results, k metric) string {
	here := r.of(k, nodePeer())
	if k.node == 0 || here.taken == 0 {
		return k.target
	}
	return fmt.Sprintf("%s<br>here %s", k.target, number(k.limit*here.median/k.node, k.digits))
}

// cell is one figure: ours in bold, a peer's with its ratio to ours.
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
		text += fmt.Sprintf(" (%s without the attack)", number(r.of(metric{key: k.quiet}, p).median, k.digits))
	}
	if s.taken > 1 && s.least != s.most {
		text += fmt.Sprintf("<br>%s to %s", number(s.least, k.digits), number(s.most, k.digits))
	}
	return text
}

// number has the thousands apart.
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
	return fmt.Sprintf(`- connect: %d users connect, %d at once, after as many that warm the server up. With Turnike each finds one other user in the
  pool, who is informed; the peers inform no one
- idle: %d users connect, with Turnike in pools of %d. The memory is read %g s after the last one. Turnike collects its garbage by
  itself 2 s after many users came, so the figure is what stays
- echo: %d clients for %g s, each of which sends again as soon as it has its answer
- fanout: up to %d users join one after the other while %d are inside. The next joins when all have been informed. Two frames
  (user_status, connection_slots) announce a join; Turnike sends both in one write. The floor sends one frame of as many bytes
- burst: %d users join at once while %d are inside, up to %d times
- storm: %d users join, and each join is announced to all (%d users with Flask)
- seats: %d users ask at once for %d seats
- kick: %d sockets, of which `+"`turnike session end`"+` ends %d one after the other. The clock starts at the time of the end, before
  its commit
- rounds of fanout and burst stop when the server has used %g s of CPU time
- scale: all users are in one pool with a seat each, and each join is announced to all (above 5,000 users Turnike announces only
  their number). The default limits are on. After SIGTERM the server starts on the same data, and all users come back with the
  official client's first delay of 0.5 to 1.5 s
- hostile: %d healthy clients send ten pings a second each, %d times %g s without an attack and %g s beside it. The attack comes from
  other addresses, has %d connections (slow readers %d, slowloris %d, idle %d, wrong passwords %d) and does %d things a second where
  it can. A round trip counts from when its ping was due. The attacker uses the same cores as the server
- siege: for %v as many connections and guesses on 50 accounts. The owner of one account logs in one second after each of its logins
- login: %d of each kind in turn, on one connection
- soak (only if named): %v
`, z.connects, z.parallel, z.idle, z.idlePerPool, z.settleSeconds, z.echoClients, z.echoSeconds, z.joins, z.fanoutMembers,
		z.burst, z.burstMembers, z.rounds, z.storm, z.slowStorm, z.seatClients, z.seats, z.kickSockets, z.kicks, z.enoughCPU,
		z.healthy, z.attackRounds, z.quietSeconds, z.attackSeconds, z.force.conns, z.force.slow, z.force.loris, z.force.idle, z.force.logins,
		z.force.perSecond, z.siege, z.logins, z.soak)
}
