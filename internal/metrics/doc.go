// Package metrics shows the figures of the whole server to Prometheus.
//
// It owns the names, the help texts and the bounds of labels, in two tables. At
// each scrape it asks every package for its Stats once and reads the seats from
// the store. It keeps nothing between scrapes. Tests compare its tables with
// docs/operations/metrics.md, and with the dashboard and the alerts in deploy.
//
// It must not know how anything is counted. No label names a user, a session or
// an address.
package metrics
