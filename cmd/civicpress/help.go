package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

// invocation is one use of a command: its flags and what follows them.
type invocation struct {
	command *command
	args    []string
	program program
}

// parse parses the flags that define adds. Flags and operands may be mixed;
// parse returns the operands, of which there may be at most most; -1 = any
// number.
func (c *invocation) parse(define func(*flag.FlagSet), most int) ([]string, error) {
	fs := c.command.flags(define)
	var operands []string
	for rest := c.args; ; {
		if err := fs.Parse(rest); err != nil {
			if err == flag.ErrHelp {
				printCommandHelp(c.program.stdout, c.command, fs)
				return nil, err
			}
			return nil, usage("%v", err)
		}
		if fs.NArg() == 0 {
			break
		}
		operands = append(operands, fs.Arg(0))
		rest = fs.Args()[1:]
	}
	if most >= 0 && len(operands) > most {
		return nil, usage("unexpected %q", operands[most])
	}
	return operands, nil
}

func (c *command) flags(define func(*flag.FlagSet)) *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	define(fs)
	return fs
}

func isHelp(word string) bool {
	return word == "help" || word == "-h" || word == "-help" || word == "--help"
}

// help answers "civicpress help [command]".
func help(p program, words []string) int {
	if len(words) == 0 {
		printHelp(p.stdout)
		return exitOK
	}
	c, rest := find(words)
	if c == nil || len(rest) > 0 {
		fmt.Fprintf(p.stderr, "civicpress: there is no command %q; \"civicpress help\" lists the commands\n", strings.Join(words, " "))
		return exitUsage
	}
	p.stderr = io.Discard
	return report(p, c.name, c.run(context.Background(), p, &invocation{command: c, args: []string{"-h"}, program: p}))
}

func printHelp(w io.Writer) {
	fmt.Fprint(w, "civicpress is the CivicPress core with realtime editing of records.\n\nCommands:\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-14s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, `
"civicpress help COMMAND" explains one.

Exit codes: 0 done; 1 it could not be done, the last line on stderr says why;
2 the command line is wrong; 3 a check found problems.
`)
}

func printCommandHelp(w io.Writer, c *command, fs *flag.FlagSet) {
	fmt.Fprintf(w, "usage: civicpress %s\n\n%s\n", strings.TrimSpace(c.name+" "+c.args), strings.TrimSpace(c.long))
	any := false
	fs.VisitAll(func(f *flag.Flag) {
		if !any {
			fmt.Fprint(w, "\nFlags:\n")
			any = true
		}
		name, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  --%s", f.Name)
		if name != "" {
			fmt.Fprintf(w, " %s", name)
		}
		fmt.Fprintf(w, "\n        %s", text)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}
