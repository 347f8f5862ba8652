// What a document says, in the canonical form of PROTOCOL.md, and how two of
// them are compared.
import * as Y from 'yjs'

// integrating makes a document that only integrates, as a server does. A Yjs
// client also tidies formatting marks when remote text arrives, and sends that
// out as an update of its own; in a session those updates come from the clients.
export function integrating (options = {}) {
  const doc = new Y.Doc(options)
  doc.on('afterTransaction', tr => { tr._needFormattingCleanup = false })
  doc.getXmlFragment('default')
  return doc
}

export function docOf (updates, options) {
  const doc = integrating(options)
  for (const u of updates) Y.applyUpdate(doc, u)
  return doc
}

const plain = v => {
  if (v === undefined) return { $undef: 1 }
  if (typeof v === 'bigint') return { $big: String(v) }
  if (v === null || typeof v !== 'object') return v
  if (v instanceof Uint8Array) return { $bin: Buffer.from(v).toString('base64') }
  if (v instanceof Y.AbstractType) return { $type: v.constructor.name }
  if (Array.isArray(v)) return v.map(plain)
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]))
}

export function treeOf (parent) {
  return parent.toArray().map(node => {
    if (node instanceof Y.XmlText) {
      return { t: node.toDelta().map(run => ({ i: plain(run.insert), ...(run.attributes && { a: plain(run.attributes) }) })) }
    }
    if (node instanceof Y.XmlElement) return { n: node.nodeName, a: plain(node.getAttributes()), c: treeOf(node) }
    return { n: '#' + node?.constructor?.name, a: {}, c: node instanceof Y.XmlFragment ? treeOf(node) : [] }
  })
}
export const fragmentTree = doc => treeOf(doc.getXmlFragment('default'))

// sorted gives objects their keys in order, so that equal values are equal text.
const sorted = v => {
  if (Array.isArray(v)) return v.map(sorted)
  if (v === null || typeof v !== 'object') return v
  return Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])]))
}
export const same = v => JSON.stringify(sorted(v))

// canonical joins runs of equal marks and drops empty ones: how text is cut into
// runs is not part of what it says.
export function canonical (tree) {
  const joined = runs => {
    const out = []
    for (const { i, a } of runs) {
      if (i === '') continue
      const marks = a && Object.keys(a).length ? a : undefined
      const last = out.at(-1)
      if (last && typeof last.i === 'string' && typeof i === 'string' && same(last.a ?? null) === same(marks ?? null)) last.i += i
      else out.push(marks ? { i, a: marks } : { i })
    }
    return out
  }
  return tree.map(n => n.t ? { t: joined(n.t) } : { n: n.n, a: n.a ?? {}, c: canonical(n.c ?? []) })
}
export const treeText = tree => same(canonical(tree))

export const vectorText = bytes => same(Object.fromEntries([...Y.decodeStateVector(bytes)].filter(([, clock]) => clock > 0)))
export const waits = doc => [doc.store.pendingStructs && 'structs', doc.store.pendingDs && 'deletes'].filter(Boolean).join('+')

// deletedText lists the deleted clocks of a document as merged ranges.
export const deletedText = doc => same(Object.fromEntries([...Y.createDeleteSetFromStructStore(doc.store).clients].map(([client, ranges]) => [client, ranges.map(r => [r.clock, r.len])])))
