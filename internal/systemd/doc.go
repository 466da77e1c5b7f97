// Package systemd is what the server and its service manager say to each other:
// a socket that was opened for the server (sd_listen_fds(3)), that it is ready or
// stopping, and that it is alive (sd_notify(3), sd_watchdog_enabled(3)).
//
// Without a service manager, which the environment tells, all of it does nothing.
// What alive means is the caller's to say; this package must not know the server.
package systemd
