// Package account owns what an account is made of: names that cannot be
// mistaken for one another, roles, and passwords.
//
// A name goes in this order: ParseName checks what a person wrote and keeps
// it as written (NFC); Canonical makes of it the key under which the account
// is unique and looked up, limited and locked.
//
// A new password goes in this order: Policy.Check says whether it is good
// enough, Hasher.Hash makes the string that is stored. A login goes to
// Hasher.Verify, with the stored string, or with "" when there is no account
// or none that may log in: then a hash of the same cost runs all the same,
// so that the time of the answer tells nothing [SEC-05]. When Verify says
// rehash, the caller stores a new hash of the password it has at hand.
//
// Hashing is the most expensive thing a stranger can ask for, so it has slots
// and a bounded queue, and says ErrBusy rather than slow down everything else
// [SEC-02]. Accounts imported with a hash of another kind or cost are the one
// exception to equal times: until their first login their hash costs what it
// cost where it comes from.
//
// The package must not know sessions, seats, stores or the network; it keeps
// no account itself.
package account
