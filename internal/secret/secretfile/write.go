package secretfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// Create writes a new file that only its owner can read and write. If a file has
// that name, it returns an error that is fs.ErrExist: the caller then reads that
// file.
func Create(root *os.Root, name string, data []byte) error {
	return write(root, name, data, 0o600, func(temporary string) error {
		// Unlike a rename, a hard link fails if the name is taken.
		if err := root.Link(temporary, name); err != nil {
			return err
		}
		return root.Remove(temporary)
	})
}

// Replace writes a file with the permissions of mode, and replaces a file with
// that name. It keeps the owner of the replaced file, so that the server can read
// what root wrote.
func Replace(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	return write(root, name, data, mode, func(temporary string) error {
		if err := keepOwner(root, name, temporary); err != nil {
			return err
		}
		return root.Rename(temporary, name)
	})
}

// keepOwner gives the temporary file the owner of name, if that exists. Only root
// can do that, and only root needs to.
func keepOwner(root *os.Root, name, temporary string) error {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || os.Geteuid() != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return root.Chown(temporary, int(owner.Uid), int(owner.Gid))
}

// write writes data to a file with a random name in the same directory, and calls
// publish to rename it once it is on the disk.
func write(root *os.Root, name string, data []byte, mode fs.FileMode, publish func(temporary string) error) error {
	temporary := name + "." + rand.Text() + ".tmp"
	err := fill(root, temporary, data, mode)
	if err == nil {
		err = publish(temporary)
	}
	if err != nil {
		// The operator needs to see the first error.
		_ = root.Remove(temporary)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return flush(root, path.Dir(name))
}

// fill writes data to a new file and flushes it to the disk.
func fill(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		// The umask applies to the mode of OpenFile, but not to Chmod.
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// flush flushes a directory to the disk.
func flush(root *os.Root, name string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
