// The kinds of sessions. people: least and most; steps: about how many; acts:
// how often each action of the editor is chosen; undo, away: how often somebody
// undoes, or loses the connection; delivery: how the updates reach the replica
// (see session.mjs).
const typing = { continue: 10, click: 4, erase: 4 }
const keys = { key: 10, backspace: 2 }
const blocks = { ...typing, split: 5, join: 3, dropBlock: 1, eraseAcross: 1, paste: 1 }
const marking = { ...typing, mark: 8, unmark: 4 }
const attributes = { ...typing, heading: 3, attribute: 8 }
const undoing = { ...typing, split: 2, mark: 2 }
const everything = {
  continue: 10, click: 6, erase: 5, eraseAcross: 2, split: 5, join: 3, mark: 6, unmark: 3, heading: 2, body: 1, attribute: 4,
  wrap: 3, lift: 2, table: 1, row: 2, leaf: 2, move: 1, paste: 1, dropBlock: 1, rewrite: 0.2
}
const textOnly = Object.fromEntries(Object.entries(everything).filter(([k]) => !['attribute', 'heading', 'table', 'row', 'leaf', 'wrap'].includes(k)))
const scribbling = { element: 4, text: 2, dropChildren: 2, insert: 10, erase: 5, format: 5, embed: 1, setAttribute: 4, removeAttribute: 1, otherRoot: 2, hook: 0.3 }
const full = { acts: everything, undo: 2, away: 1.5, emoji: true }
const scribbled = { people: [2, 5], steps: 100, acts: scribbling, scribbler: true, undo: 2, away: 1, emoji: true }

export const PROFILES = {
  'keys-1': { people: [1, 1], steps: 80, acts: keys, first: 'key' },
  'keys-n': { people: [2, 5], steps: 100, acts: keys, first: 'key' },
  'keys-cold': { people: [2, 4], steps: 100, acts: keys, first: 'key', delivery: 'cold' },
  'type-1': { people: [1, 1], steps: 60, acts: typing },
  'type-n': { people: [2, 5], steps: 80, acts: typing },
  'type-chaos': { people: [2, 4], steps: 60, acts: typing, delivery: 'chaos' },
  'type-reload': { people: [1, 4], steps: 80, acts: typing, delivery: 'reload' },
  'type-cold': { people: [1, 4], steps: 80, acts: typing, delivery: 'cold' },
  'emoji-n': { people: [2, 4], steps: 80, acts: typing, emoji: true },
  'blocks-1': { people: [1, 1], steps: 60, acts: blocks },
  'blocks-n': { people: [2, 5], steps: 80, acts: blocks },
  'marks-1': { people: [1, 1], steps: 60, acts: marking },
  'marks-n': { people: [2, 5], steps: 80, acts: marking },
  'attrs-1': { people: [1, 1], steps: 40, acts: attributes },
  'attrs-n': { people: [2, 5], steps: 80, acts: attributes },
  'undo-1': { people: [1, 1], steps: 60, acts: undoing, undo: 6 },
  'undo-n': { people: [2, 4], steps: 80, acts: undoing, undo: 6 },
  resync: { people: [2, 4], steps: 80, acts: { ...blocks, mark: 3 }, away: 4 },
  'tiptap-1': { people: [1, 1], steps: 100, acts: everything, undo: 2, emoji: true },
  tiptap: { people: [2, 5], steps: 120, ...full },
  'tiptap-text': { people: [2, 5], steps: 120, acts: textOnly, undo: 2, emoji: true },
  'tiptap-chaos': { people: [2, 5], steps: 120, ...full, delivery: 'chaos' },
  'tiptap-reload': { people: [1, 5], steps: 120, ...full, delivery: 'reload' },
  'tiptap-cold': { people: [1, 5], steps: 120, ...full, delivery: 'cold' },
  raw: scribbled,
  'raw-plain': { ...scribbled, acts: { ...scribbling, embed: 0, otherRoot: 0, hook: 0 } },
  'raw-chaos': { ...scribbled, acts: { ...scribbling, textAttribute: 1 }, delivery: 'chaos' }
}
