// Yjs itself as a replica: shows that the harness finds nothing where there is
// nothing to find, and serves as the example of a replica.
import * as Y from 'yjs'
import { list, serve, unlist, unpair } from './lib/wire.mjs'
import { fragmentTree, integrating } from './lib/tree.mjs'
import { execute } from './lib/writes.mjs'
import { metaText } from './lib/judge.mjs'

let doc, events
function reset ({ root = 'default', gc = true, clientID, events: keep } = {}) {
  if (root !== 'default') throw new Error(`root ${root}: only "default" is known here`)
  doc = integrating({ gc })
  if (clientID) doc.clientID = clientID
  events = { 1: [], 2: [] }
  if (!keep) return
  doc.on('update', u => events[1].push(u))
  doc.on('updateV2', u => events[2].push(u))
}
reset()
const json = p => JSON.parse(Buffer.from(p).toString())

serve({
  I: () => JSON.stringify({ name: 'yjs', version: '13.6', attrs: 'any', embeds: true, ops: 'RAEVJGISMDFXaemdcCfTUusz' }),
  R: p => reset(p.length ? json(p) : {}),
  A: p => Y.applyUpdate(doc, p, 'remote'),
  a: p => Y.applyUpdateV2(doc, p, 'remote'),
  E: p => Y.encodeStateAsUpdate(doc, p.length ? p : undefined),
  e: p => Y.encodeStateAsUpdateV2(doc, p.length ? p : undefined),
  V: () => Y.encodeStateVector(doc),
  J: () => JSON.stringify(fragmentTree(doc)),
  G: p => {
    const [start, heap] = [process.hrtime.bigint(), process.memoryUsage().heapUsed]
    let err = null
    try { Y.applyUpdate(new Y.Doc(), p) } catch (e) { err = e.message }
    return JSON.stringify({ err, panic: null, ns: Number(process.hrtime.bigint() - start), alloc: process.memoryUsage().heapUsed - heap })
  },
  S: () => { globalThis.gc?.(); return JSON.stringify({ heap: process.memoryUsage().heapUsed }) },
  M: p => Y.mergeUpdates(unlist(p)),
  m: p => Y.mergeUpdatesV2(unlist(p)),
  D: p => Y.diffUpdate(...unpair(p)),
  d: p => Y.diffUpdateV2(...unpair(p)),
  F: p => Y.encodeStateVectorFromUpdate(p),
  f: p => Y.encodeStateVectorFromUpdateV2(p),
  c: p => Y.convertUpdateFormatV1ToV2(p),
  C: p => Y.convertUpdateFormatV2ToV1(p),
  T: p => metaText(Y.parseUpdateMeta(p)),
  U: () => list(events[1].splice(0)),
  u: () => list(events[2].splice(0)),
  s: () => Y.encodeSnapshot(Y.snapshot(doc)),
  z: () => Y.encodeSnapshotV2(Y.snapshot(doc)),
  X: p => execute(doc, json(p))
})
