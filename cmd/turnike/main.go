package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/turnike/turnike/internal/config"
	"github.com/turnike/turnike/internal/input"
)

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// untilSignal returns a context that the first SIGINT or SIGTERM cancels. A second
// signal ends the process at once, even if something hangs.
func untilSignal() context.Context {
	ctx, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // from here on a signal ends the process
		end()
		if len(signals) > 0 { // the second one arrived in between
			os.Exit(exitFailed)
		}
	}()
	return ctx
}

// commands is the grammar of the command line.
type commands struct {
	Data   string `placeholder:"DIR" help:"The data directory (TURNIKE_DATA; default ./data)."`
	Config string `placeholder:"FILE" help:"The configuration file (TURNIKE_CONFIG)."`

	PrintVersion kong.VersionFlag `name:"version" help:"Print the version."`

	Serve serveCommand `cmd:"" help:"Run the server until SIGTERM or SIGINT."`
	User  struct {
		Add     userAddCommand     `cmd:"" help:"Add an account."`
		Set     userSetCommand     `cmd:"" help:"Change the role or pool of an account and end its sessions."`
		List    userListCommand    `cmd:"" help:"List accounts."`
		Passwd  userPasswdCommand  `cmd:"" help:"Set the password of an account and end its sessions."`
		Disable userDisableCommand `cmd:"" help:"Disable an account and end its sessions."`
		Enable  userEnableCommand  `cmd:"" help:"Enable a disabled account."`
		Delete  userDeleteCommand  `cmd:"" help:"Delete an account and end its sessions."`
		Import  userImportCommand  `cmd:"" help:"Import accounts from a JSON Lines or CSV file, or from SQLite (all or nothing)."`
	} `cmd:"" help:"Manage accounts."`
	Session struct {
		List  sessionListCommand  `cmd:"" help:"List live sessions."`
		End   sessionEndCommand   `cmd:"" help:"End one session, or all sessions of a user."`
		Issue sessionIssueCommand `cmd:"" help:"Open sessions without passwords and print their tokens."`
	} `cmd:"" help:"Manage sessions."`
	Pool struct {
		List   poolListCommand   `cmd:"" help:"List pools and their seats."`
		Set    poolSetCommand    `cmd:"" help:"Change a pool or create one."`
		Delete poolDeleteCommand `cmd:"" help:"Delete a pool that has no accounts."`
	} `cmd:"" help:"Manage pools and their seat limits."`
	Token struct {
		Rotate tokenRotateCommand `cmd:"" help:"Create a new key that signs tokens; with --revoke, also end all sessions."`
	} `cmd:"" help:"Manage token keys."`
	Mail struct {
		Test mailTestCommand `cmd:"" help:"Send a test mail to mail.to and print the mail server's answer."`
	} `cmd:"" help:"Check mail alerts."`
	Backup      backupCommand      `cmd:"" help:"Copy the database to a file; the server may be running."`
	Restore     restoreCommand     `cmd:"" help:"Replace the database with a backup and end all sessions; stop the server first."`
	Trust       trustCommand       `cmd:"" help:"Make this computer and your browsers trust the local certificate authority (CA)."`
	Check       checkCommand       `cmd:"" help:"Print the effective configuration, or the first error in it."`
	Status      statusCommand      `cmd:"" help:"Show whether the server runs, its address, its pools, and problems."`
	Healthcheck healthcheckCommand `cmd:"" help:"Check that the running server answers."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
	Help        helpCommand        `cmd:"" help:"Print the help of a command."`
	Completion  completionCommand  `cmd:"" help:"Print a completion script for a shell."`
}

// run runs one command and returns the exit code. All its inputs and outputs are
// arguments, so that tests call it like main does.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var grammar commands
	exited := -1
	parser, err := kong.New(&grammar,
		kong.Name("turnike"),
		kong.Description("Lets at most N people use an application at once."),
		kong.Writers(stdout, stderr),
		kong.Vars{"version": versionLine()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Exit(func(code int) { exited = max(exited, code) }), // --help; parsing continues after it
	)
	if err != nil {
		return report(stderr, err)
	}
	for _, arg := range args {
		if !utf8.ValidString(arg) { // the parser would replace bytes, and the name would be another one
			return report(stderr, usageError{input.Quote(arg) + " is not UTF-8"})
		}
	}
	if len(args) > 0 && args[0] == completeWord {
		env := config.ParseEnvironment(env)
		inv := &invocation{data: cmp.Or(env[config.EnvData], defaultData), file: env[config.EnvConfig], env: env, stdout: stdout, stderr: stderr}
		return report(stderr, inv.complete(ctx, parser.Model.Node, args[1:]))
	}
	parsed, err := parser.Parse(helpWanted(args))
	if exited >= 0 {
		return exited
	}
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && unfinished(parser.Model.Node, args) {
		err = errors.Join(err, parse.Context.PrintUsage(false))
	}
	if err != nil {
		return report(stderr, usageError{err.Error()})
	}
	inv := newApp(grammar, parsed, config.ParseEnvironment(env))
	inv.stdin, inv.stdout, inv.stderr = stdin, stdout, stderr
	parsed.BindTo(ctx, (*context.Context)(nil))
	return inv.finish(parsed.Run(inv))
}
