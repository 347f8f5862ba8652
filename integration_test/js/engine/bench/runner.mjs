// node --expose-gc runner.mjs ENGINE KIND DIR DATASET LIMIT: measures one engine on one
// data set and prints JSON; bench/engine runs it. KIND is steps, load, encode,
// memory or check; LIMIT is the seconds after which to stop.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as Y from 'yjs'

const [engine, kind, dir, dataset, limit] = process.argv.slice(2)
const base = new Uint8Array(readFileSync(`${dir}/${dataset}.base`))
const ENGINES = {
  yjs: () => ({ make: () => new Y.Doc(), apply: (d, u) => Y.applyUpdate(d, u), encode: d => Y.encodeStateAsUpdate(d), free: () => {} }),
  ywasm () {
    const W = createRequire(import.meta.url)('ywasm')
    return { make: () => new W.YDoc({}), apply: (d, u) => W.applyUpdate(d, u, 'bench'), encode: d => W.encodeStateAsUpdate(d), free: d => d.free() }
  }
}
const e = ENGINES[engine]()

function steps () {
  const b = readFileSync(`${dir}/${dataset}.steps`)
  const out = []
  for (let at = 0; at < b.length;) { const n = b.readUInt32BE(at); out.push(new Uint8Array(b.subarray(at + 4, at + 4 + n))); at += 4 + n }
  return out
}
const loaded = () => { const d = e.make(); if (base.length > 2) e.apply(d, base); return d }

// best calls f, which gives nanoseconds, for some seconds and gives the lowest: by
// then the code is compiled, and what else the machine does is left out.
function best (f, { least = 3, most = 200, seconds = 5 } = {}) {
  const start = Date.now()
  let low = Infinity
  for (let i = 0; i < most && (i < least || Date.now() - start < seconds * 1000); i++) {
    low = Math.min(low, f())
    if (Date.now() - start > limit * 1000) break
  }
  return low
}
function timed (f) {
  const start = process.hrtime.bigint()
  f()
  return Number(process.hrtime.bigint() - start)
}

const KINDS = {
  steps () {
    const all = steps()
    let partial = false
    const once = () => {
      const doc = loaded()
      globalThis.gc()
      const start = process.hrtime.bigint()
      let n = 0
      for (const u of all) {
        e.apply(doc, u)
        if ((++n & 255) === 0 && Number(process.hrtime.bigint() - start) > limit * 1e9) { partial = true; break }
      }
      const ns = Number(process.hrtime.bigint() - start) / n
      e.free(doc)
      return ns
    }
    return { ns: best(once, all.length > 10_000 ? { least: 2, most: 4 } : {}), partial }
  },
  load () {
    return { ns: best(() => { const d = e.make(); const ns = timed(() => e.apply(d, base)); e.free(d); return ns }) }
  },
  encode () {
    const doc = loaded()
    return { ns: best(() => timed(() => e.encode(doc))) }
  },
  memory () {
    const docs = 8
    loaded() // the code itself
    // WebAssembly memory shows in no heap figure of Node, only in what the process has.
    const used = () => { globalThis.gc(); globalThis.gc(); const m = process.memoryUsage(); return engine === 'ywasm' ? m.rss : m.heapUsed + m.arrayBuffers }
    const before = used()
    const keep = Array.from({ length: docs }, loaded)
    return { bytes: (used() - before) / keep.length }
  },
  check () { // Yjs loads what an engine has written and compares with what it made itself
    const got = new Uint8Array(readFileSync(process.argv[7]))
    const doc = loaded()
    for (const u of steps()) Y.applyUpdate(doc, u)
    const other = new Y.Doc()
    try { Y.applyUpdate(other, got) } catch (err) { return { right: false, why: err.message } }
    const says = d => d.getText('text').toString() + d.getXmlFragment('default').toString()
    return { right: says(doc) === says(other) && !other.store.pendingStructs }
  },
  final () { // the state after all steps, on stdout
    const doc = loaded()
    for (const u of steps()) e.apply(doc, u)
    process.stdout.write(e.encode(doc))
  }
}
const result = KINDS[kind]()
if (result) console.log(JSON.stringify(result))
