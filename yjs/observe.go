package yjs

type observers struct{}

func (tx *Transaction) callObservers()   {}
func (tx *Transaction) cleanFormatting() {}
