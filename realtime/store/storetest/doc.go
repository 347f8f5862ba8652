// Package storetest is the conformance suite of store.Store. Every backend
// runs it from its own tests:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Harness { … })
//	}
//
// The checks return errors instead of failing a test, so that the suite itself
// can be tested: planted-bad stores have to fail it.
package storetest
