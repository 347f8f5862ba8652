// Package chart draws what a run of bench/compare has measured: small multiples
// of horizontal bars as SVG, one picture for light and one for dark pages.
//
// A picture is 360 units wide, so that it can be read on a telephone; it has a
// title and a description for those who do not see it, and asks for no font
// from anywhere.
package chart
