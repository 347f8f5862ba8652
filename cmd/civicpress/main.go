// Command civicpress is the CivicPress core with the realtime plugin compiled
// in: it serves an existing data directory, runs a demo, and looks after the
// realtime data of an instance. See "civicpress help".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes, as "civicpress help" states them.
const (
	exitOK       = 0
	exitFailed   = 1 // it could not be done; one line on stderr says why
	exitUsage    = 2 // the command line is wrong
	exitProblems = 3 // a check did its work and found problems
)

// program is what a command gets of the outside world.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// command is one verb of the command line.
type command struct {
	name  string // one word, or two as in "config check"
	args  string // for the synopsis
	short string
	long  string
	run   func(ctx context.Context, p program, c *invocation) error
}

// commands in the order of the help.
var commands = []command{
	demoCommand,
	serveCommand,
	configCheckCommand,
	configInitCommand,
	convertCommand,
	doctorCommand,
	exportCommand,
	versionCommand,
}

var (
	errUsage = errors.New("wrong usage")
	// errProblems ends a command with exitProblems; what was found has been
	// printed.
	errProblems = errors.New("problems found")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Further signals change nothing: some senders (timeout, a terminal) deliver
	// the same one twice, and a stop is bounded anyway.
	code := run(ctx, os.Args[1:], program{os.Stdin, os.Stdout, os.Stderr, os.Getenv})
	stop()
	os.Exit(code)
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, p program) int {
	if len(args) == 0 {
		printHelp(p.stderr)
		return exitUsage
	}
	if isHelp(args[0]) {
		return help(p, args[1:])
	}
	c, rest := find(args)
	if c == nil {
		fmt.Fprintf(p.stderr, "civicpress: unknown command %q; \"civicpress help\" lists the commands\n", strings.Join(args, " "))
		return exitUsage
	}
	return report(p, c.name, c.run(ctx, p, &invocation{command: c, args: rest, program: p}))
}

// report turns a command's error into one line and an exit code.
func report(p program, name string, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errProblems):
		return exitProblems
	case errors.Is(err, errUsage):
		fmt.Fprintf(p.stderr, "civicpress %s: %v; see \"civicpress help %s\"\n", name, strings.TrimPrefix(err.Error(), errUsage.Error()+": "), name)
		return exitUsage
	}
	fmt.Fprintf(p.stderr, "civicpress %s: %v\n", name, err)
	return exitFailed
}

// find returns the command that args name, and what follows.
func find(args []string) (*command, []string) {
	for i := range commands {
		words := strings.Fields(commands[i].name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == commands[i].name {
			return &commands[i], args[len(words):]
		}
	}
	return nil, nil
}

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}
