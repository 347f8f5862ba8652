// Plays a list of updates to a replica and to Yjs, and says what differs.
import * as Y from 'yjs'
import { Gone, OK, PANIC, UNSUPPORTED, text, hex, list, pair, unlist } from './wire.mjs'
import { RELOAD } from './session.mjs'
import { deletedText, docOf, fragmentTree, integrating, treeText, vectorText, waits } from './tree.mjs'

// Worst first; a run gets the worst that fits.
export const CLASSES = ['crash', 'hang', 'panic', 'error', 'unloadable', 'relay-diverge', 'view-diverge', 'meta', 'bytes', 'ok']

const reloaded = (doc, base) => base
  ? docOf([base.state, Y.encodeStateAsUpdate(doc, base.vector)])
  : docOf([Y.encodeStateAsUpdate(doc)])

class Findings {
  constructor () { this.all = [] }
  add (cls, what, detail) { this.all.push({ cls, what, detail }) }
  get cls () { return CLASSES.find(c => c === 'ok' || this.all.some(f => f.cls === c)) }
}

// judge compares what the documents say: state vector, delete set, tree, and what
// Yjs makes of the replica's state and of its answers to clients that are behind.
export async function judge (replica, { updates, behind }) {
  return guarded(replica, async found => {
    const answers = [replica.ask('R', JSON.stringify({ root: 'default' }))]
    for (const u of updates) {
      if (u !== RELOAD) { answers.push(replica.ask('A', u)); continue }
      const state = await replica.ask('E')
      answers.push(Promise.resolve(state), replica.ask('R', JSON.stringify({ root: 'default' })))
      if (state.status === OK) answers.push(replica.ask('A', state.data))
    }
    const view = replica.ask('J')
    const vector = replica.ask('V')
    const full = replica.ask('E')
    const diffs = behind.map(b => replica.ask('E', b.vector))

    const truth = docOf(updates.filter(u => u !== RELOAD))
    const want = { tree: treeText(fragmentTree(truth)), vector: vectorText(Y.encodeStateVector(truth)), deleted: deletedText(truth), waits: waits(truth) }
    // In about one session of 10,000 Yjs disagrees with itself: a document loaded
    // from its state has another order than the live one. Then both are right.
    const alsoYjs = (got, base) => {
      const live = playYjs(updates)
      return [live, reloaded(truth), reloaded(live), ...(base ? [reloaded(truth, base), reloaded(live, base)] : [])]
        .some(d => treeText(fragmentTree(d)) === got) && (found.yjsDisagrees = true)
    }
    const usable = (answer, what) => {
      if (answer.status === OK) return true
      found.add(answer.status === PANIC ? 'panic' : 'error', what, text(answer.data).slice(0, 400))
      return false
    }

    for (const [i, a] of (await Promise.all(answers)).entries()) usable(a, 'answer ' + i)
    const v = await vector
    if (usable(v, 'state vector') && vectorText(v.data) !== want.vector) found.add('meta', 'state vector', { want: want.vector, got: vectorText(v.data) })
    const j = await view
    if (usable(j, 'tree')) {
      const got = treeText(JSON.parse(text(j.data)))
      if (got !== want.tree && !alsoYjs(got)) found.add('view-diverge', 'tree', { want: want.tree, got })
    }
    const check = (answer, what, base) => {
      if (!usable(answer, what)) return
      let doc
      try { doc = docOf(base ? [base.state, answer.data] : [answer.data]) } catch (e) { found.add('unloadable', what, { error: e.message, bytes: hex(answer.data) }); return }
      const got = treeText(fragmentTree(doc))
      if (got !== want.tree && !alsoYjs(got, base)) found.add('relay-diverge', what, { want: want.tree, got })
      if (waits(doc) && !want.waits) found.add('relay-diverge', what, 'waits for ' + waits(doc))
      if (vectorText(Y.encodeStateVector(doc)) !== want.vector) found.add('meta', what + ': state vector', { want: want.vector, got: vectorText(Y.encodeStateVector(doc)) })
      if (deletedText(doc) !== want.deleted) found.add('meta', what + ': deleted', { want: want.deleted, got: deletedText(doc) })
    }
    check(await full, 'full state')
    for (const [i, b] of behind.entries()) check(await diffs[i], 'answer to client ' + i + ' that is behind', b)
  })
}

// playYjs is the reference: one live document, reloaded where the list says so.
function playYjs (updates, each = () => {}) {
  let doc = integrating()
  const watch = d => { d.on('update', u => each(u, 1)); d.on('updateV2', u => each(u, 2)); return d }
  watch(doc)
  for (const u of updates) {
    if (u !== RELOAD) { Y.applyUpdate(doc, u); continue }
    const state = Y.encodeStateAsUpdate(doc)
    doc = watch(integrating())
    Y.applyUpdate(doc, state)
  }
  return doc
}

// judgeBytes compares every byte that the two write for the same list.
export async function judgeBytes (replica, { updates, behind }, r) {
  return guarded(replica, async found => {
    const compare = (what, want, answer, context) => {
      if (answer.status === UNSUPPORTED) { (found.unsupported ??= new Set()).add(what); return }
      if (answer.status !== OK) found.add(answer.status === PANIC ? 'panic' : 'error', what, text(answer.data).slice(0, 400))
      else if (hex(answer.data) !== hex(want)) found.add('bytes', what, { want: hex(want), got: hex(answer.data), ...context })
    }
    const events = { 1: [], 2: [] }
    const doc = playYjs(updates, (u, version) => events[version].push(u))
    const reset = () => replica.ask('R', JSON.stringify({ root: 'default', events: true }))
    await reset()
    const got = { 1: [], 2: [] }
    const collect = async () => {
      for (const [version, op] of [[1, 'U'], [2, 'u']]) {
        const a = await replica.ask(op)
        if (a.status === OK) got[version].push(...unlist(a.data))
        else if (a.status === UNSUPPORTED) got[version] = null
        else found.add('error', 'update events', text(a.data))
      }
    }
    for (const u of updates) {
      if (u !== RELOAD) { const a = await replica.ask('A', u); if (a.status !== OK) found.add('error', 'apply', text(a.data)); continue }
      const state = await replica.get('E')
      await collect()
      await reset()
      await replica.get('A', state)
    }
    await collect()
    for (const version of [1, 2]) {
      if (!got[version]) { (found.unsupported ??= new Set()).add('update events V' + version); continue }
      const [want, have] = [events[version].map(hex), got[version].map(hex)]
      const i = want.findIndex((w, i) => w !== have[i])
      if (i >= 0 || want.length !== have.length) found.add('bytes', 'update event V' + version, { i, want: want[i], got: have[i], count: [want.length, have.length] })
    }
    compare('full state', Y.encodeStateAsUpdate(doc), await replica.ask('E'))
    compare('full state V2', Y.encodeStateAsUpdateV2(doc), await replica.ask('e'))
    compare('state vector', Y.encodeStateVector(doc), await replica.ask('V'))
    compare('snapshot', Y.encodeSnapshot(Y.snapshot(doc)), await replica.ask('s'))
    compare('snapshot V2', Y.encodeSnapshotV2(Y.snapshot(doc)), await replica.ask('z'))
    // Only clocks the document has: a client may be ahead of a server that waits
    // for something, and a clock between two halves of a character breaks Yjs.
    const vectors = behind.map(b => b.vector)
    for (let i = 0; i < 3; i++) vectors.push(Y.encodeStateVector(new Map([...doc.store.clients].filter(() => r.chance(0.8)).map(([client, structs]) => [client, r.of(structs).id.clock]))))
    for (const v of vectors) {
      const vector = hex(v)
      compare('state for a vector', Y.encodeStateAsUpdate(doc, v), await replica.ask('E', v), { vector })
      compare('state for a vector V2', Y.encodeStateAsUpdateV2(doc, v), await replica.ask('e', v), { vector })
    }

    const single = updates.filter(u => u !== RELOAD)
    const two = single.map(u => Y.convertUpdateFormatV1ToV2(u))
    for (let i = 0; i < 6 && single.length; i++) {
      const picked = i === 0 ? single.map((_, i) => i) : Array.from({ length: r.between(1, 5) }, () => r.below(single.length))
      const [ones, twos] = [picked.map(i => single[i]), picked.map(i => two[i])]
      const merged = Y.mergeUpdates(ones)
      const mergedV2 = Y.mergeUpdatesV2(twos)
      // From 64 updates on the order of equals is V8's affair (see yjs/mergequeue.go).
      const open = ones.length > 63 && ambiguous(ones)
      const [got1, got2] = [await replica.ask('M', list(ones)), await replica.ask('m', list(twos))]
      compare('merge', open && got1.status === OK && means(got1.data) === means(merged) ? got1.data : merged, got1, { of: ones.map(hex) })
      compare('merge V2', open && got2.status === OK && means(Y.convertUpdateFormatV2ToV1(got2.data)) === means(merged) ? got2.data : mergedV2, got2, { of: twos.map(hex) })
      compare('state vector from update', Y.encodeStateVectorFromUpdate(merged), await replica.ask('F', merged), { of: hex(merged) })
      compare('state vector from update V2', Y.encodeStateVectorFromUpdateV2(mergedV2), await replica.ask('f', mergedV2), { of: hex(mergedV2) })
      compare('convert to V2', Y.convertUpdateFormatV1ToV2(merged), await replica.ask('c', merged), { of: hex(merged) })
      compare('convert to V1', Y.convertUpdateFormatV2ToV1(mergedV2), await replica.ask('C', mergedV2), { of: hex(mergedV2) })
      compare('meta', Buffer.from(metaText(Y.parseUpdateMeta(merged))), await replica.ask('T', merged), { of: hex(merged) })
      // Vectors whose clocks are starts of structs of this very update.
      const starts = new Map()
      for (const s of Y.decodeUpdate(merged).structs) if (r.chance(0.6)) starts.set(s.id.client, s.id.clock + (r.chance(0.2) ? s.length : 0))
      const v = Y.encodeStateVector(starts)
      compare('diff', Y.diffUpdate(merged, v), await replica.ask('D', pair(merged, v)), { of: hex(merged), vector: hex(v) })
      compare('diff V2', Y.diffUpdateV2(mergedV2, v), await replica.ask('d', pair(mergedV2, v)), { of: hex(mergedV2), vector: hex(v) })
    }

    // The same through V2 all the way: apply and encode.
    await reset()
    for (const u of two) { const a = await replica.ask('a', u); if (a.status === UNSUPPORTED) return; if (a.status !== OK) found.add('error', 'apply V2', text(a.data)) }
    const doc2 = integrating()
    for (const u of two) Y.applyUpdateV2(doc2, u)
    compare('full state from V2', Y.encodeStateAsUpdate(doc2), await replica.ask('E'))
    compare('full state V2 from V2', Y.encodeStateAsUpdateV2(doc2), await replica.ask('e'))
  })
}

// ambiguous tells whether one update knows a struct as collected that another one
// knows as alive: Yjs's sort has no consistent answer to which comes first.
function ambiguous (updates) {
  const kinds = new Map()
  return updates.some(u => Y.decodeUpdate(u).structs.some(s => {
    const key = s.id.client + ':' + s.id.clock
    const kind = s instanceof Y.GC
    if (!kinds.has(key)) kinds.set(key, kind)
    return kinds.get(key) !== kind
  }))
}
const means = update => { const d = docOf([update]); return treeText(fragmentTree(d)) + vectorText(Y.encodeStateVector(d)) + deletedText(d) + waits(d) }

// metaText is the answer to T: clients in ascending order.
export const metaText = ({ from, to }) => {
  const clocks = m => '{' + [...m].sort((a, b) => a[0] - b[0]).map(([k, v]) => `"${k}":${v}`).join(',') + '}'
  return `{"from":${clocks(from)},"to":${clocks(to)}}`
}

async function guarded (replica, run) {
  const found = new Findings()
  try { await run(found) } catch (e) {
    if (!(e instanceof Gone)) throw e
    found.add(e.hung ? 'hang' : 'crash', 'replica', e.message.slice(0, 1500))
  }
  if (replica.gone || found.all.some(f => f.cls === 'panic')) replica.restart()
  return found
}
