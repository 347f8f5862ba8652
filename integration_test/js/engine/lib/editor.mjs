// Editors that make real updates. Writer is a TipTap editor without a view:
// TipTap's schema, ProseMirror's transforms, and the binding's own translation of
// a changed document into Yjs operations. Scribbler calls the Yjs types itself
// and does what no editor does.
import * as Y from 'yjs'
import { getSchema } from '@tiptap/core'
import { StarterKit } from '@tiptap/starter-kit'
import { TableKit } from '@tiptap/extension-table'
import { TaskList, TaskItem } from '@tiptap/extension-list'
import { Image } from '@tiptap/extension-image'
import { Highlight } from '@tiptap/extension-highlight'
import { Transform, canJoin, canSplit, findWrapping, liftTarget } from 'prosemirror-transform'
import { Fragment, Slice } from 'prosemirror-model'
import { initProseMirrorDoc, updateYFragment, ySyncPluginKey } from '@tiptap/y-tiptap'

export const schema = getSchema([
  StarterKit.configure({ undoRedo: false }), TableKit, TaskList, TaskItem.configure({ nested: true }),
  Image.configure({ inline: true }), Highlight.configure({ multicolor: true })
])
const { nodes, marks } = schema
const MAX_SIZE = 6000 // a document that has grown to this takes only smaller edits

const LETTERS = 'etaoinshrdlu'
const WORDS = ['bylaw', 'council', 'the', 'of', 'minutes', 'a', 'x', 'Gemeinderat', 'procès-verbal', 'Łódź', 'совет', '議会', 'résolution']
const ASTRAL = ['😀', '🏛️', '👩‍⚖️', '🇨🇭', '𝒜', '𠮟', '👋🏽']

const isLowSurrogate = unit => unit >= 0xdc00 && unit <= 0xdfff
function phrase (r, o, most) {
  const words = []
  for (let n = r.between(1, most); n > 0; n--) words.push(o.emoji && r.chance(0.4) ? r.of(ASTRAL) : r.of(WORDS))
  return words.join(' ')
}

// whole moves a position out of the middle of a surrogate pair. Browsers never
// put a cursor there, and Yjs replicas that cut a pair do not agree afterwards.
function whole (doc, pos) {
  const at = doc.resolve(pos)
  const text = at.textOffset > 0 ? at.parent.child(at.index()).text : null
  return text && isLowSurrogate(text.charCodeAt(at.textOffset)) ? pos + 1 : pos
}
function find (doc, want) {
  const found = []
  doc.descendants((node, pos) => { if (want(node)) found.push({ node, pos }) })
  return found
}
const someTextblock = (tr, r, want = () => true) => {
  const all = find(tr.doc, n => n.isTextblock && want(n))
  return all.length ? r.of(all) : null
}
const posIn = (tr, r, { node, pos }) => whole(tr.doc, pos + 1 + r.below(node.content.size + 1))
function rangeIn (tr, r, { node, pos }, longest) {
  const from = r.below(node.content.size)
  const to = Math.min(node.content.size, from + r.between(1, longest))
  return [whole(tr.doc, pos + 1 + from), whole(tr.doc, pos + 1 + to)]
}
const blockEdge = (tr, n) => { let pos = 0; for (let i = 0; i < n; i++) pos += tr.doc.child(i).nodeSize; return pos }
const filled = n => n.content.size > 0
const paragraph = text => nodes.paragraph.create(null, text ? schema.text(text) : null)
const anyMark = r => r.of([
  () => marks.link.create({ href: '/records/' + r.below(5) }), () => marks.highlight.create({ color: r.of(['#ff0', 'red', null]) }),
  () => marks.bold.create(), () => marks.italic.create(), () => marks.strike.create(), () => marks.code.create(), () => marks.underline.create()
])()

// Every action changes a transform; doing nothing or throwing is allowed. e is the
// editor, for its cursor.
const WRITER_ACTIONS = {
  key (tr, r, o, e) { // one letter where the cursor is, sometimes after a click elsewhere
    if (!e.cursorIn(tr.doc) || r.chance(0.1)) e.cursor = posIn(tr, r, someTextblock(tr, r))
    tr.insert(e.cursor, schema.text(LETTERS[r.below(LETTERS.length)]))
    e.cursor++
  },
  backspace (tr, r, o, e) {
    if (!e.cursorIn(tr.doc) || tr.doc.resolve(e.cursor).parentOffset === 0) return
    tr.delete(e.cursor - 1, e.cursor)
    e.cursor--
  },
  continue (tr, r, o, e) { // keep typing
    if (!e.cursorIn(tr.doc)) return WRITER_ACTIONS.click(tr, r, o, e)
    e.cursor = whole(tr.doc, e.cursor)
    const s = o.emoji && r.chance(0.2) ? r.of(ASTRAL) : LETTERS[r.below(LETTERS.length)]
    tr.insert(e.cursor, schema.text(s, tr.doc.resolve(e.cursor).marks()))
    e.cursor += s.length
  },
  click (tr, r, o, e) { // type somewhere else
    const pos = posIn(tr, r, someTextblock(tr, r))
    const s = r.chance(0.5) ? [...phrase(r, o, 1)][0] : phrase(r, o, 3)
    tr.insert(pos, schema.text(s, tr.doc.resolve(pos).marks()))
    e.cursor = pos + s.length
  },
  erase (tr, r) {
    const b = someTextblock(tr, r, filled)
    if (b) tr.delete(...rangeIn(tr, r, b, 6))
  },
  eraseAcross (tr, r) {
    const from = r.below(tr.doc.content.size)
    tr.deleteRange(whole(tr.doc, from), whole(tr.doc, Math.min(tr.doc.content.size, from + r.between(1, 40))))
  },
  split (tr, r) {
    const pos = posIn(tr, r, someTextblock(tr, r))
    const inItem = /Item$/.test(tr.doc.resolve(pos).node(-1)?.type.name ?? '')
    const depth = inItem && r.chance(0.7) ? 2 : 1
    if (canSplit(tr.doc, pos, depth)) tr.split(pos, depth)
  },
  join (tr, r) {
    const edges = []
    for (let pos = 1; pos < tr.doc.content.size; pos++) if (canJoin(tr.doc, pos)) edges.push(pos)
    if (edges.length) tr.join(r.of(edges))
  },
  mark (tr, r) {
    const b = someTextblock(tr, r, n => filled(n) && !n.type.spec.code)
    if (b) tr.addMark(...rangeIn(tr, r, b, 8), anyMark(r))
  },
  unmark (tr, r) {
    const b = someTextblock(tr, r, filled)
    if (b) tr.removeMark(...rangeIn(tr, r, b, 12), r.of([null, marks.bold, marks.italic, marks.link]))
  },
  heading (tr, r) { const { pos } = someTextblock(tr, r); tr.setBlockType(pos + 1, pos + 1, nodes.heading, { level: r.between(1, 6) }) },
  body (tr, r) { const { pos } = someTextblock(tr, r); tr.setBlockType(pos + 1, pos + 1, nodes.paragraph) },
  attribute (tr, r, o, e) {
    const change = {
      heading: () => ({ level: r.between(1, 6) }),
      taskItem: n => ({ checked: !n.attrs.checked }),
      orderedList: () => ({ start: r.between(1, 200) }),
      codeBlock: () => ({ language: r.of(['go', 'yaml', null]) }),
      image: () => ({ alt: r.of(['seal', 'map', null]), title: r.of(['t', null]) }),
      tableCell: () => ({ colwidth: r.of([null, [120], [r.below(500)]]) }),
      tableHeader: () => ({ colwidth: r.of([null, [80], [r.below(500)]]) })
    }
    const all = find(tr.doc, n => n.type.name in change)
    if (!all.length) return WRITER_ACTIONS.heading(tr, r, o, e)
    const { node, pos } = r.of(all)
    tr.setNodeMarkup(pos, null, { ...node.attrs, ...change[node.type.name](node) })
  },
  wrap (tr, r) {
    const range = tr.doc.resolve(someTextblock(tr, r).pos + 1).blockRange()
    const wrapping = range && findWrapping(range, nodes[r.of(['bulletList', 'orderedList', 'taskList', 'blockquote'])])
    if (wrapping) tr.wrap(range, wrapping)
  },
  lift (tr, r) {
    const range = tr.doc.resolve(someTextblock(tr, r).pos + 1).blockRange()
    const depth = range && liftTarget(range)
    if (depth != null) tr.lift(range, depth)
  },
  table (tr, r) {
    const columns = r.between(1, 3)
    const rows = Array.from({ length: r.between(1, 3) }, (_, row) => nodes.tableRow.create(null,
      Array.from({ length: columns }, () => (row ? nodes.tableCell : nodes.tableHeader).create(null, paragraph(r.chance(0.5) ? r.of(WORDS) : '')))))
    tr.insert(blockEdge(tr, r.below(tr.doc.childCount + 1)), nodes.table.create(null, rows))
  },
  row (tr, r, o, e) {
    const rows = find(tr.doc, n => n.type === nodes.tableRow)
    if (!rows.length) return WRITER_ACTIONS.table(tr, r, o, e)
    const { node, pos } = r.of(rows)
    if (r.chance(0.6)) tr.insert(pos + node.nodeSize, nodes.tableRow.create(null, Array.from({ length: node.childCount }, () => nodes.tableCell.create(null, paragraph()))))
    else if (tr.doc.resolve(pos).parent.childCount > 1) tr.delete(pos, pos + node.nodeSize)
  },
  leaf (tr, r) {
    const block = r.of([() => nodes.horizontalRule.create(), () => nodes.codeBlock.create({ language: r.of(['sh', null]) }, schema.text('ls -l\nexit')), null, null])
    if (block) return tr.insert(blockEdge(tr, r.below(tr.doc.childCount + 1)), block())
    const b = someTextblock(tr, r, n => !n.type.spec.code)
    if (b) tr.insert(posIn(tr, r, b), r.chance(0.5) ? nodes.hardBreak.create() : nodes.image.create({ src: `/files/${r.below(9)}.png`, alt: r.of(['seal', null]) }))
  },
  move (tr, r) { // cut a block, paste it elsewhere
    if (tr.doc.childCount < 2) return
    const i = r.below(tr.doc.childCount)
    const block = tr.doc.child(i)
    const pos = blockEdge(tr, i)
    tr.delete(pos, pos + block.nodeSize)
    tr.insert(blockEdge(tr, r.below(tr.doc.childCount + 1)), block)
  },
  paste (tr, r, o) {
    const blocks = Array.from({ length: r.between(2, 6) }, () => r.chance(0.2)
      ? nodes.heading.create({ level: r.between(1, 3) }, schema.text(phrase(r, o, 3)))
      : paragraph(phrase(r, o, 8)))
    const pos = posIn(tr, r, someTextblock(tr, r))
    tr.replace(pos, pos, new Slice(Fragment.from(blocks), 1, 1))
  },
  dropBlock (tr, r) {
    if (tr.doc.childCount < 2) return
    const i = r.below(tr.doc.childCount)
    tr.delete(blockEdge(tr, i), blockEdge(tr, i + 1))
  },
  rewrite (tr, r, o) {
    tr.replaceWith(0, tr.doc.content.size, [nodes.heading.create({ level: 2 }, schema.text('Agenda')), paragraph(phrase(r, o, 5))])
  }
}

class Editor {
  constructor (clientID, options) {
    this.options = options
    this.doc = new Y.Doc()
    this.doc.clientID = clientID
    this.fragment = this.doc.getXmlFragment('default')
    this.history = new Y.UndoManager(this.fragment, { trackedOrigins: new Set([ySyncPluginKey]), captureTimeout: 0 })
  }

  receive (update) { Y.applyUpdate(this.doc, update, 'remote'); this.stale() }
  undo () { this.history.undo(); this.stale() }
  redo () { this.history.redo(); this.stale() }
  stale () {}
}

export class Writer extends Editor {
  cursor = 0
  page = null // ProseMirror's document, null when the Yjs document has changed under it

  stale () { this.page = null }

  act (name, r) {
    if (!this.page) {
      const { doc, meta } = initProseMirrorDoc(this.fragment, schema)
      this.meta = meta
      this.page = doc.childCount ? doc : nodes.doc.create(null, paragraph())
    }
    const tr = new Transform(this.page)
    try {
      WRITER_ACTIONS[name](tr, r, this.options, this)
      tr.doc.check()
    } catch { return } // an action that does not fit here
    if (!tr.docChanged || tr.doc.content.size > MAX_SIZE) return
    this.page = tr.doc
    this.doc.transact(() => updateYFragment(this.doc, this.fragment, this.page, this.meta), ySyncPluginKey)
  }

  cursorIn (doc) { return this.cursor > 0 && this.cursor <= doc.content.size && doc.resolve(this.cursor).parent.isTextblock }
}

// ---- direct operations

const elements = parent => parent.toArray().flatMap(n => n instanceof Y.XmlElement ? [n, ...elements(n)] : [])
const texts = parent => parent.toArray().flatMap(n => n instanceof Y.XmlText ? [n] : n instanceof Y.XmlElement ? texts(n) : [])
const unitsOf = text => text.toDelta().map(d => typeof d.insert === 'string' ? d.insert : '\ufffc').join('')
const wholeIn = (text, i) => isLowSurrogate(unitsOf(text).charCodeAt(i)) ? i + 1 : i
function stretch (text, r, longest) {
  const from = wholeIn(text, r.below(text.length))
  return [from, wholeIn(text, Math.min(text.length, from + r.between(1, longest))) - from]
}
const value = r => r.of([
  () => r.below(9), () => 'v' + r.below(9), () => true, () => false, () => null, () => [1, 'a', null], () => ({ w: 1, d: { z: [true] } }),
  () => 1.5, () => -3, () => 2 ** 32, () => 2 ** 40 + 1, () => 0.1, () => -0, () => undefined, () => '', () => [{ u: undefined }],
  () => new Uint8Array([0, 255, r.below(256)]), () => 9007199254740993n, () => ''.padEnd(200, 'long ')
])()
const markOf = r => Object.fromEntries([r.of([
  ['bold', {}], ['italic', {}], ['link', { href: '/' + r.below(3), target: null }], ['comment--' + r.below(3), { id: r.below(9) }],
  ['color', '#0af'], ['size', 3], ['bold', null], ['link', null], ['italic', null]
])])
const childOf = (f, r) => r.of([f, ...elements(f)])
const withText = (f, r) => { const all = texts(f).filter(t => t.length > 0); return all.length ? r.of(all) : null }

const SCRIBBLES = {
  element (f, r, o) {
    const parent = childOf(f, r)
    const e = new Y.XmlElement(r.of(['paragraph', 'heading', 'listItem']))
    parent.insert(r.below(parent.length + 1), [e])
    if (r.chance(0.5)) e.setAttribute('level', value(r))
    if (r.chance(0.7)) { const t = new Y.XmlText(); e.insert(0, [t]); t.insert(0, phrase(r, o, 3)) }
  },
  text (f, r, o) { const parent = childOf(f, r); parent.insert(r.below(parent.length + 1), [new Y.XmlText(phrase(r, o, 3))]) },
  dropChildren (f, r) {
    const parent = childOf(f, r)
    if (!parent.length) return
    const at = r.below(parent.length)
    parent.delete(at, Math.min(parent.length - at, r.between(1, 2)))
  },
  insert (f, r, o) {
    const all = texts(f)
    if (!all.length) return SCRIBBLES.element(f, r, o)
    const t = r.of(all)
    t.insert(wholeIn(t, r.below(t.length + 1)), phrase(r, o, 3), r.chance(0.3) ? markOf(r) : undefined)
  },
  erase (f, r) { const t = withText(f, r); if (t) t.delete(...stretch(t, r, 5)) },
  format (f, r) { const t = withText(f, r); if (t) t.format(...stretch(t, r, 8), markOf(r)) },
  embed (f, r) { const all = texts(f); if (all.length) { const t = r.of(all); t.insertEmbed(wholeIn(t, r.below(t.length + 1)), r.of([{ image: 'u' }, { m: [1, { a: null }] }])) } },
  setAttribute (f, r) { const all = elements(f); if (all.length) r.of(all).setAttribute(r.of(['level', 'checked', 'k']), value(r)) },
  removeAttribute (f, r) { const all = elements(f); if (all.length) r.of(all).removeAttribute(r.of(['level', 'checked', 'k'])) },
  textAttribute (f, r) { const all = texts(f); if (all.length) r.of(all).setAttribute('ychange', value(r)) },
  hook (f, r) { const parent = childOf(f, r); const h = new Y.XmlHook('widget'); parent.insert(r.below(parent.length + 1), [h]); h.set('k', value(r)) },
  otherRoot (f, r) { // roots that the record does not use must survive
    const [m, list] = [f.doc.getMap('meta'), f.doc.getArray('list')]
    const at = r.below(list.length + 1)
    r.of([
      () => m.set('k' + r.below(3), value(r)),
      () => m.delete('k' + r.below(3)),
      () => m.set('inner', r.of([() => Y.Array.from([1, r.below(9)]), () => new Y.Text('t'), () => new Y.Map([['a', value(r)]])])()),
      () => m.set('doc', new Y.Doc({ guid: 'guid-' + r.below(4), autoLoad: r.chance(0.5), meta: r.of([null, { a: 1 }]) })),
      () => list.insert(at, Array.from({ length: r.between(1, 5) }, () => [value(r)])), // a list takes no BigInt but inside of something
      () => list.insert(at, ['x', r.below(9), null]),
      () => list.delete(Math.min(at, list.length), Math.min(list.length - at, r.between(0, 3))),
      () => f.doc.getText('notes').insert(0, 'n')
    ])()
  }
}

export class Scribbler extends Editor {
  act (name, r) {
    this.doc.transact(() => { SCRIBBLES[name](this.fragment, r, this.options) }, ySyncPluginKey)
  }
}
