// Local writes: the same random write operations done by the replica and by Yjs.
import * as Y from 'yjs'
import { Random } from './random.mjs'
import { OK, text, hex } from './wire.mjs'
import { fragmentTree, treeText } from './tree.mjs'

// execute does one write operation of PROTOCOL.md in a Yjs document and gives
// the update it made.
export function execute (doc, op) {
  let made = new Uint8Array([0, 0])
  const keep = u => { made = u }
  doc.on('update', keep)
  try {
    doc.transact(() => {
      const target = op.path.reduce((t, i) => t.get(i), doc.getXmlFragment('default'))
      switch (op.op) {
        case 'insElem': {
          const e = new Y.XmlElement(op.name)
          target.insert(op.at, [e])
          for (const k in op.attrs ?? {}) e.setAttribute(k, op.attrs[k])
          break
        }
        case 'insText': {
          const t = new Y.XmlText()
          target.insert(op.at, [t])
          t.applyDelta((op.runs ?? []).map(run => ({ insert: run.i, attributes: run.a })))
          break
        }
        case 'delete': target.delete(op.at, op.len); break
        case 'textIns': target.insert(op.at, op.s, op.a ?? undefined); break
        case 'textDel': target.delete(op.at, op.len); break
        case 'textFmt': target.format(op.at, op.len, op.a); break
        case 'setAttr': op.v === null ? target.removeAttribute(op.k) : target.setAttribute(op.k, op.v); break
        default: throw new Error('no such operation: ' + op.op)
      }
    })
  } finally { doc.off('update', keep) }
  return made
}

const WORDS = ['clerk', 'a', 'of', 'Straße', '市', '😀', '🇫🇷', ' ', 'b\nc']
const PLAIN_MARKS = [['color', 'red'], ['size', 2], ['color', null], ['size', 3], ['italic', true], ['italic', null]]
const MARKS = [...PLAIN_MARKS, ['bold', {}], ['italic', {}], ['link', { href: '/x', title: null }], ['bold', null], ['link', null]]
const value = r => r.of(['left', 0, 1, 2.5, -7, 2 ** 33, true, false, [1, 'a', null], { a: { b: [] } }, '', null])
const marksOf = (r, most, marks) => Object.fromEntries(Array.from({ length: r.below(most + 1) }, () => r.of(marks)))
const words = r => Array.from({ length: r.between(1, 4) }, () => r.of(WORDS)).join('')

// places lists every node with its path from the root.
function places (parent, path = []) {
  return [{ node: parent, path }, ...parent.toArray().flatMap((n, i) => n instanceof Y.XmlElement ? places(n, [...path, i]) : [{ node: n, path: [...path, i] }])]
}

// someWrite makes up an operation that fits the document. cut allows positions
// inside a surrogate pair; marks are those to choose from.
export function someWrite (doc, r, { cut = false, marks = MARKS } = {}) {
  const all = places(doc.getXmlFragment('default'))
  const parents = all.filter(p => !(p.node instanceof Y.XmlText))
  const texts = all.filter(p => p.node instanceof Y.XmlText)
  const elements = parents.filter(p => p.path.length > 0)
  const long = texts.filter(p => p.node.length > 0)
  const parent = parents.length > 40 ? r.of(parents.slice(0, 40)) : r.of(parents)
  const op = r.weighted({
    insElem: 3, insText: 3, delete: parent.node.length ? 1.5 : 0, textIns: texts.length ? 10 : 0, textDel: long.length ? 4 : 0,
    textFmt: long.length ? 5 : 0, setAttr: elements.length ? 3 : 0
  })
  const end = (t, i) => {
    const units = t.toDelta().map(d => typeof d.insert === 'string' ? d.insert : '\ufffc').join('')
    const low = units.charCodeAt(i) >= 0xdc00 && units.charCodeAt(i) <= 0xdfff
    return low && !cut ? i + 1 : i
  }
  const stretch = ({ node, path }) => {
    const at = end(node, r.below(node.length))
    return { path, at, len: end(node, Math.min(node.length, at + r.between(1, 9))) - at }
  }
  switch (op) {
    case 'insElem': {
      const attrs = Object.fromEntries(Array.from({ length: r.below(3) }, () => [r.of(['level', 'id', 'k']), value(r)]))
      return { op, path: parent.path, at: r.below(parent.node.length + 1), name: r.of(['paragraph', 'heading', 'table']), attrs }
    }
    case 'insText': {
      const runs = Array.from({ length: r.below(4) }, () => ({ i: r.chance(0.1) ? { embed: r.below(3) } : words(r), ...(r.chance(0.6) && { a: marksOf(r, 2, marks) }) }))
      return { op, path: parent.path, at: r.below(parent.node.length + 1), runs }
    }
    case 'delete': {
      const at = r.below(parent.node.length)
      return { op, path: parent.path, at, len: r.between(1, Math.min(3, parent.node.length - at)) }
    }
    case 'textIns': {
      const { node, path } = r.of(texts)
      return { op, path, at: end(node, r.below(node.length + 1)), s: words(r), a: r.chance(0.4) ? marksOf(r, 2, marks) : null }
    }
    case 'textDel': return { op, ...stretch(r.of(long)) }
    case 'textFmt': return { op, ...stretch(r.of(long)), a: Object.fromEntries([r.of(marks), ...r.chance(0.3) ? [r.of(marks)] : []]) }
    default: return { op, path: r.of(elements).path, k: r.of(['level', 'id', 'k']), v: value(r) }
  }
}

// mirrored: both sides are the same client and do the same. Every update and the
// state at the end must be the same bytes.
//
// When Yjs tidies marks it compares values by identity, and whether two objects
// are one depends on how the document came to be in this process. So documents
// with objects as marks are loaded anew before each write; then no two are one.
export async function mirrored (replica, seed) {
  const r = new Random(seed)
  const id = r.between(1, 1000)
  const fresh = state => {
    const doc = new Y.Doc()
    doc.getXmlFragment('default')
    if (state) Y.applyUpdate(doc, state)
    doc.clientID = id // only now: Yjs takes another id when somebody else seems to use it
    return doc
  }
  let doc = fresh()
  await replica.get('R', JSON.stringify({ root: 'default', clientID: id }))
  const [objects, cut] = [r.chance(0.5), r.chance(0.2)]
  const ops = []
  for (let n = r.between(5, 60); n > 0; n--) {
    if (objects) doc = fresh(Y.encodeStateAsUpdate(doc))
    const op = someWrite(doc, r, { cut: cut && r.chance(0.3), marks: objects ? MARKS : PLAIN_MARKS })
    ops.push(op)
    const want = hex(execute(doc, JSON.parse(JSON.stringify(op))))
    const a = await replica.ask('X', JSON.stringify(op))
    if (a.status !== OK) return { what: 'refused', error: text(a.data), ops }
    if (hex(a.data) !== want) return { what: 'update differs', want, got: hex(a.data), ops }
  }
  const [want, got] = [hex(Y.encodeStateAsUpdate(doc)), hex(await replica.get('E'))]
  if (!objects && got !== want) return { what: 'state differs', want, got, ops }
  const view = treeText(JSON.parse(text(await replica.get('J'))))
  if (view !== treeText(fragmentTree(doc))) return { what: 'tree differs', want: treeText(fragmentTree(doc)), got: view, ops }
}

// converging: the replica and two Yjs clients write at the same time and hear of
// each other late.
export async function converging (replica, seed) {
  const r = new Random(seed)
  const ids = r.shuffled([3, 1000, r.between(4, 999)])
  await replica.get('R', JSON.stringify({ root: 'default', clientID: ids[0] }))
  const docs = ids.slice(1).map(id => {
    const doc = new Y.Doc()
    doc.clientID = id
    doc.getXmlFragment('default')
    return doc
  })
  // A Yjs document with all the replica has, to make up operations that fit it.
  const shadow = new Y.Doc()
  const log = [] // all updates with who made them: 0 is the replica
  docs.forEach((doc, i) => doc.on('update', (u, origin) => { if (origin !== 'heard') log.push({ from: i + 1, u }) }))
  const heard = [0, 0, 0]
  const ops = []
  const hear = async i => {
    for (; heard[i] < log.length; heard[i]++) {
      const { from, u } = log[heard[i]]
      if (from === i) continue
      if (i === 0) { await replica.get('A', u); Y.applyUpdate(shadow, u) } else Y.applyUpdate(docs[i - 1], u, 'heard')
    }
  }
  for (let n = r.between(10, 80); n > 0; n--) {
    const i = r.below(3)
    if (r.chance(0.25)) { await hear(i); continue }
    if (i > 0) { execute(docs[i - 1], someWrite(docs[i - 1], r)); continue }
    const state = await replica.get('E')
    Y.applyUpdate(shadow, state)
    const op = someWrite(shadow, r)
    ops.push(op)
    const a = await replica.ask('X', JSON.stringify(op))
    if (a.status !== OK) return { what: 'refused', error: text(a.data), op, ops }
    log.push({ from: 0, u: a.data })
    Y.applyUpdate(shadow, a.data)
  }
  while (heard.some(h => h < log.length)) for (const i of [0, 1, 2]) await hear(i)
  const trees = [treeText(JSON.parse(text(await replica.get('J')))), ...docs.map(d => treeText(fragmentTree(d)))]
  if (new Set(trees).size > 1) return { what: 'trees differ', replica: trees[0], yjs: trees.slice(1), ops }
  const from = new Y.Doc()
  Y.applyUpdate(from, await replica.get('E'))
  if (treeText(fragmentTree(from)) !== trees[1]) return { what: 'state says something else', ops }
}
