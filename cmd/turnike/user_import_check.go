package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/secret"
)

// maxImportErrors is how many mistakes are listed.
const maxImportErrors = 1000

// importRow is one account as the source has it. An absent value is nil or empty.
type importRow struct {
	where    string // "line 3" of a file, "row 3" of a query
	username string
	password *string
	hash     *string
	role     string
	pool     string
}

// importAccount is one account that has passed the check.
type importAccount struct {
	where    string
	username string
	password secret.Secret // unless hash is set
	hash     string
	role     account.Role
	pool     string
}

// importCheck collects the accounts of an import and their mistakes. No message shows
// a password.
type importCheck struct {
	policy account.Policy
	hasher *account.Hasher
	pools  map[string]bool
	exists func(name string) (bool, error)

	first    map[string]string // where a name was seen first, by its canonical form
	accounts []importAccount
	wrong    []error
	more     int // mistakes beyond maxImportErrors
}

// add checks one account. An error of the database ends the import.
func (c *importCheck) add(row importRow) error {
	a, err := c.check(row)
	if err == nil {
		var known bool
		if known, err = c.exists(a.username); err != nil {
			return err
		}
		canonical := account.Canonical(a.username)
		if before, twice := c.first[canonical]; twice {
			err = fmt.Errorf("duplicate user name %s (already on %s)", input.Quote(a.username), before)
		} else if known {
			err = fmt.Errorf("there is a user %s already", input.Quote(a.username))
		}
		if _, seen := c.first[canonical]; !seen {
			c.first[canonical] = row.where
		}
	}
	if err != nil {
		c.refuse(row.where, err)
		return nil
	}
	c.accounts = append(c.accounts, a)
	return nil
}

// refuse records a mistake.
func (c *importCheck) refuse(where string, err error) {
	if len(c.wrong) == maxImportErrors {
		c.more++
		return
	}
	c.wrong = append(c.wrong, fmt.Errorf("%s: %w", where, err))
}

// refusal returns the error for all mistakes. If there are several, it first prints
// each on a line.
func (c *importCheck) refusal(w io.Writer) error {
	switch len(c.wrong) {
	case 0:
		return nil
	case 1:
		return c.wrong[0]
	}
	for _, err := range c.wrong {
		if _, err := fmt.Fprintf(w, "turnike: %s\n", input.Printable(err.Error())); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s; nothing was imported", count(len(c.wrong)+c.more, "mistake"))
}

// check reads one account.
func (c *importCheck) check(row importRow) (importAccount, error) {
	name, err := account.ParseName(row.username)
	if err != nil {
		return importAccount{}, err
	}
	role, err := account.ParseRole(cmp.Or(row.role, string(account.RoleUser)))
	if err != nil { // its text is not shown: in a wrong column it may be a password
		return importAccount{}, errors.New("unknown role: use user or admin")
	}
	a := importAccount{where: row.where, username: name, role: role, pool: cmp.Or(row.pool, account.DefaultPool)}
	if !c.pools[a.pool] {
		return importAccount{}, fmt.Errorf("there is no pool %s", input.Quote(a.pool))
	}
	switch {
	case row.password == nil && row.hash == nil:
		return importAccount{}, fmt.Errorf("%s has neither password nor password_hash", input.Quote(name))
	case row.password != nil && row.hash != nil:
		return importAccount{}, fmt.Errorf("%s has both password and password_hash", input.Quote(name))
	case row.hash != nil && *row.hash == "":
		return importAccount{}, fmt.Errorf("%s has an empty password_hash", input.Quote(name))
	case row.hash != nil:
		if err := c.hasher.Check(*row.hash); err != nil {
			return importAccount{}, fmt.Errorf("password_hash: %w", err)
		}
		a.hash = *row.hash
		return a, nil
	}
	if err := c.policy.Check(*row.password, name); err != nil {
		return importAccount{}, fmt.Errorf("%s: %w", input.Quote(name), err)
	}
	a.password = secret.New(*row.password)
	return a, nil
}

// set stores the value of a column in the row.
func (r *importRow) set(column string, value *string) error {
	text := ""
	if value != nil {
		text = *value
	}
	switch column {
	case "username":
		r.username = text
	case "password":
		r.password = value
	case "password_hash":
		r.hash = value
	case "role":
		r.role = text
	case "pool":
		r.pool = text
	default:
		return errColumn
	}
	return nil
}

// errColumn reports an unknown column.
var errColumn = errors.New("use username, password or password_hash, role and pool")
