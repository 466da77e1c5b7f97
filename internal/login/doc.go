// Package login decides who may log in. It takes a name, a password and what is
// known about the device, and opens a session or says why not.
//
// It owns the limits on wrong passwords, the devices that users have logged in
// from, and the counts of failed logins that the event log gets each minute.
//
// A login passes these steps, in this order: the account is looked up by name,
// its known device is recognised, the attempt is counted by every limit that
// applies, the password is compared, and [session.Core] opens the session. What
// is cheap comes before the password hash, which is expensive [SEC-02].
//
// This package must not know HTTP, cookies, tokens, or the codes and sentences
// that clients see. Other ways to log in, such as OpenID Connect, belong here.
package login
