// Package account owns what an account is made of: names that cannot be
// mistaken for one another, roles, and passwords.
//
// A name takes these steps: ParseName checks what a person typed and keeps the
// spelling (in NFC). Canonical turns it into the key by which the account is
// unique, found, limited and locked.
//
// A new password takes these steps: Policy.Check accepts it, and Hasher.Hash
// returns the string to store. A login calls Hasher.Verify with the stored string,
// or with "" if no account can log in: then a hash with the same cost is computed,
// so that the time of the answer reveals nothing [SEC-05]. If Verify returns
// rehash, the caller stores a new hash of the password.
//
// Hashing is the most expensive thing that a stranger can request. So it has slots
// and a bounded queue, and returns ErrBusy instead of slowing everything down
// [SEC-02]. There is one exception to equal times: until their first login,
// imported accounts have a hash of another kind or cost.
//
// This package must not know sessions, seats, stores or the network. It stores no
// accounts.
package account
