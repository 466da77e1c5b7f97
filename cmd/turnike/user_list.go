package main

import "context"

// userListCommand lists the accounts.
type userListCommand struct{ listFlags }

// userRow is one account of the list.
type userRow struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	Pool     string `json:"pool"`
	Disabled bool   `json:"disabled"`
}

// Run prints the accounts by name.
func (c *userListCommand) Run(ctx context.Context, inv *invocation) (err error) {
	w, err := inv.open(ctx)
	if err != nil {
		return err
	}
	defer w.close(&err)
	users, err := w.store.Users(ctx)
	if err != nil {
		return err
	}
	rows, cells := make([]userRow, 0, len(users)), make([][]string, 0, len(users))
	for _, u := range users {
		row := userRow{Username: u.Name, Role: string(u.Role), Pool: u.Pool, Disabled: u.Disabled}
		rows = append(rows, row)
		cells = append(cells, []string{row.Username, row.Role, row.Pool, yes(row.Disabled)})
	}
	return c.print(inv.stdout, rows, "USERNAME ROLE POOL DISABLED", cells)
}
