package yjs

// ApplyUpdateV2 is ApplyUpdate for update format V2.
func (d *Doc) ApplyUpdateV2(update []byte, origin any) error {
	if n := d.limits.UpdateBytes; len(update) > n {
		return &LimitError{"UpdateBytes", uint64(n), uint64(len(update))}
	}
	internal, err := toInternal(update, d.limits.V2Expansion)
	if err != nil {
		return err
	}
	return d.applyChecked(internal, origin, true)
}

// EncodeStateAsUpdateV2 is EncodeStateAsUpdate in format V2.
func (d *Doc) EncodeStateAsUpdateV2(sv []byte) ([]byte, error) {
	internal, err := d.appendInternal(nil, sv)
	if err != nil {
		return nil, err
	}
	return internalToV2(internal)
}

// OnUpdateV2 is OnUpdate with updates in format V2.
func (d *Doc) OnUpdateV2(f func(update []byte, origin any, tx *Transaction)) (cancel func()) {
	return d.events.updateV2.add(f)
}
