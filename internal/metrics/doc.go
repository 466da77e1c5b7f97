// Package metrics shows the figures of the whole server to Prometheus.
//
// It owns their names, their texts and the bounds on their labels, which are in
// two tables. At each scrape it asks the packages for their Stats, once, and
// reads the seats from the store; nothing is kept in between, and nobody is
// slower for being watched. The tables of docs/operations/metrics.md, the dashboard and
// the alerts in deploy are checked against it.
//
// It must not know how anything is counted, and never has a user, a session or
// an address in a label.
package metrics
