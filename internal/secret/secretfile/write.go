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

// Create writes a new file, readable and writable by its owner only. A file
// of that name is left as it is and gives an error that is fs.ErrExist: the
// caller reads what the other wrote.
func Create(root *os.Root, name string, data []byte) error {
	return write(root, name, data, 0o600, func(temporary string) error {
		// A hard link, other than a rename, fails when the name is taken.
		if err := root.Link(temporary, name); err != nil {
			return err
		}
		return root.Remove(temporary)
	})
}

// Replace writes a file, in place of one of that name if there is one, with
// exactly the permissions of mode. It keeps the owner of the one before: what
// root writes the server has to be able to read.
func Replace(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	return write(root, name, data, mode, func(temporary string) error {
		if err := keepOwner(root, name, temporary); err != nil {
			return err
		}
		return root.Rename(temporary, name)
	})
}

// keepOwner gives temporary the owner of name, if that is there. Only root can,
// and only root has to.
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

// write puts data into a file of a random name beside name, and lets publish
// give it its name once it is on the disk.
func write(root *os.Root, name string, data []byte, mode fs.FileMode, publish func(temporary string) error) error {
	temporary := name + "." + rand.Text() + ".tmp"
	err := fill(root, temporary, data, mode)
	if err == nil {
		err = publish(temporary)
	}
	if err != nil {
		// What went wrong first is what the operator has to hear.
		_ = root.Remove(temporary)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return flush(root, path.Dir(name))
}

// fill writes data to a new file and waits until the disk has it.
func fill(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		// The mode of OpenFile is subject to the umask, this one is not.
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// flush waits until the disk has the names in a directory.
func flush(root *os.Root, name string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
