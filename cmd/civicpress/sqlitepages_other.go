//go:build !linux

package main

// letGoOfSQLite does nothing here.
func letGoOfSQLite() {}
