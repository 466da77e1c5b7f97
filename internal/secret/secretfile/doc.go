// Package secretfile owns the files that hold secrets: the signing key, the
// local certificate authority, a password in a file that a *_FILE setting
// names.
//
// It writes whole files or nothing: the bytes go to a file of another name in
// the same directory, are flushed to the disk, and only then get their name;
// then the directory is flushed too. A crash at any instruction leaves the
// old file or the new one [I6]. Create never replaces a file, so two
// processes that start at once end up with the same key.
//
// Files of the data directory are reached through an os.Root, which no name
// and no symbolic link can leave [SEC-61]. The package must not know what is
// in a file.
package secretfile
