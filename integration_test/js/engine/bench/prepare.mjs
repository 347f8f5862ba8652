// node prepare.mjs DIR [TRACE]: makes the data of bench/engine with Yjs: for each
// data set a state (NAME.base) and small updates on top of it (NAME.steps, each
// with its length before it). TRACE is an editing trace, [[position, deleted,
// inserted], …]; without one, one of the same length is made up.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import * as Y from 'yjs'
import { Random } from '../lib/random.mjs'

const [dir, trace] = process.argv.slice(2)
const WORDS = 'the council of this town has met on monday and decided with three votes against one that bylaw number four is read again'.split(' ')

function save (name, base, steps) {
  const parts = steps.flatMap(u => { const len = Buffer.alloc(4); len.writeUInt32BE(u.length); return [len, u] })
  writeFileSync(`${dir}/${name}.base`, base)
  writeFileSync(`${dir}/${name}.steps`, Buffer.concat(parts))
  console.log(`${name}: state of ${base.length} bytes, ${steps.length} updates`)
}
const docOf = (id, base) => {
  const doc = new Y.Doc()
  if (base) Y.applyUpdate(doc, base)
  doc.clientID = id
  return doc
}
// record gives the updates that f makes.
function record (doc, f) {
  const steps = []
  const keep = u => steps.push(u)
  doc.on('update', keep)
  f()
  doc.off('update', keep)
  return steps
}
const sentence = (r, n) => Array.from({ length: n }, () => r.of(WORDS)).join(' ')

function editing () {
  if (trace && existsSync(trace)) return JSON.parse(readFileSync(trace, 'utf8'))
  const r = new Random(4)
  const out = []
  let [length, at] = [0, 0]
  while (out.length < 259_778) {
    if (r.chance(0.01)) at = r.below(length + 1)
    if (at > 0 && r.chance(0.25)) { out.push([--at, 1, '']); length-- } else { out.push([at++, 0, r.of('etaoin shrdlu')]); length++ }
  }
  return out
}

{ // one person writes a paper, keystroke by keystroke
  const doc = docOf(1)
  const text = doc.getText('text')
  const steps = record(doc, () => {
    for (const [at, deleted, inserted] of editing()) {
      doc.transact(() => { if (deleted) text.delete(at, deleted); if (inserted) text.insert(at, inserted) })
    }
  })
  save('b4', new Uint8Array([0, 0]), steps)
  save('b4-final', Y.encodeStateAsUpdate(doc), [])
}

{ // 100,000 items that do not join
  const r = new Random(100)
  const doc = docOf(1)
  const text = doc.getText('text')
  doc.transact(() => { for (let i = 0; i < 100_000; i++) text.insert(r.below(i + 1), 'x') })
  const base = Y.encodeStateAsUpdate(doc)
  const other = docOf(2, base)
  const otherText = other.getText('text')
  save('items', base, record(other, () => { for (let i = 0; i < 2000; i++) otherText.insert(r.below(otherText.length), 'y') }))
}

// page makes blocks as TipTap does, by three people.
function page (r, enough) {
  const doc = docOf(1)
  const f = doc.getXmlFragment('default')
  for (let turn = 0, last = null, done = false; !done; turn++) {
    doc.clientID = [11, 3_000_000_000, 77][turn % 3]
    doc.transact(() => { for (let i = 0; i < 20 && !done; i++) { last = block(f, last, r); done = enough(f.length) } })
  }
  return Y.encodeStateAsUpdate(doc)
}

function block (f, last, r) {
  const kind = r.weighted({ paragraph: 14, heading: 2, bulletList: 2 })
  const block = new Y.XmlElement(kind)
  f.insertAfter(last, [block]) // appending would go through all blocks
  if (kind === 'heading') block.setAttribute('level', r.between(1, 3))
  let parent = block
  if (kind === 'bulletList') {
    const item = new Y.XmlElement('listItem')
    block.insert(0, [item])
    parent = new Y.XmlElement('paragraph')
    item.insert(0, [parent])
  }
  const t = new Y.XmlText()
  parent.insert(0, [t])
  t.insert(0, sentence(r, 12))
  if (r.chance(0.3)) t.format(r.below(20), r.between(3, 12), r.of([{ bold: {} }, { italic: {} }, { link: { href: 'https://example.org', title: null } }]))
  return block
}

// typing types in bursts of ten letters in random blocks.
function typing (base, r, n) {
  const doc = docOf(5, base)
  const f = doc.getXmlFragment('default')
  return record(doc, () => {
    for (let i = 0, t, at; i < n; i++) {
      if (i % 10 === 0) {
        t = f.get(r.below(f.length))
        while (!(t instanceof Y.XmlText)) t = t.get(0)
        at = r.below(t.length + 1)
      }
      t.insert(at++, r.of('etaoin shrdlu'))
    }
  })
}

{ // a TipTap document of 5,000 blocks
  const base = page(new Random(5), blocks => blocks === 5000)
  save('tiptap', base, typing(base, new Random(6), 2000))
}

for (const [name, bytes] of [['1KB', 1e3], ['10KB', 1e4], ['100KB', 1e5], ['1MB', 1e6], ['10MB', 1e7]]) {
  const base = page(new Random(bytes), blocks => blocks * 110 >= bytes)
  save('size-' + name, base, typing(base, new Random(7), 1000))
}
