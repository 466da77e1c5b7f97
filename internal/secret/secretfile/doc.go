// Package secretfile owns the files that hold secrets: the signing key, the
// local certificate authority, and the files that *_FILE settings name.
//
// It writes a file completely or not at all. The bytes go to a temporary file in
// the same directory, are flushed to the disk, and only then get their name. Then
// the directory is flushed. After a crash there is the old file or the new one
// [I6]. Create never replaces a file, so two processes that start at once use the
// same key.
//
// It opens files of the data directory through an os.Root, which no name and no
// symbolic link can leave [SEC-61]. This package must not know what a file
// contains.
package secretfile
