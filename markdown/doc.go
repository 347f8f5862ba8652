// Package markdown maps between Markdown and the editor's document, both ways.
package markdown
