// Command relay is the least that a server of y-protocols can be, to measure
// others against, over net/http and the WebSocket library that ours is built on:
// it knows no document and checks nothing. What a member sends as update or
// presence goes to the other members of the room as it is.
//
//	relay            one write a frame
//	relay -drained   one write for all frames that wait
//
// The state that newcomers get is set from outside: POST /blob/ROOM. Prints
// {"port":…} once it listens on 127.0.0.1. With -lose N it drops each N-th
// frame, to show that the bench notices.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	h := &hub{rooms: map[string]*room{}}
	flag.BoolVar(&h.drained, "drained", false, "write all frames that wait at once")
	flag.Int64Var(&h.lose, "lose", 0, "drop each `N`th frame; 0: none")
	flag.Parse()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
	fmt.Printf("{\"port\":%d}\n", l.Addr().(*net.TCPAddr).Port)
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	go func() { _ = http.Serve(l, h.handler()) }() // until the process ends
	<-end
}
