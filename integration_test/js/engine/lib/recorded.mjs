// Recorded sessions: files of one JSON object a line, { kind: "update", b64 } in
// the order a server got them, at last { kind: "final", state_vector_b64 }.
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import * as Y from 'yjs'
import { Random } from './random.mjs'
import { list } from './wire.mjs'
import { judge } from './judge.mjs'
import { vectorText, docOf } from './tree.mjs'

export function recordings (dirs) {
  return dirs.filter(d => existsSync(d)).flatMap(d => readdirSync(d).filter(f => f.endsWith('.jsonl')).sort().map(f => read(d + '/' + f, f)))
}

function read (path, name) {
  const lines = readFileSync(path, 'utf8').trim().split('\n').map(l => JSON.parse(l))
  const bytes = b64 => new Uint8Array(Buffer.from(b64, 'base64'))
  return { name, updates: lines.filter(l => l.kind === 'update').map(l => bytes(l.b64)), final: bytes(lines.findLast(l => l.kind === 'final').state_vector_b64) }
}

// variants are the ways in which a recording is played; rounds counts the random
// ones of each kind.
export function variants (recording, replica, rounds, seed) {
  const { updates } = recording
  const out = [['in order', async () => updates]]
  for (let i = 0; i < rounds; i++) {
    const r = new Random(seed + i)
    out.push(
      [`shuffled (seed ${seed + i})`, async () => r.shuffled(updates)],
      [`duplicated (seed ${seed + i})`, async () => updates.flatMap(u => r.chance(0.3) ? [u, u] : [u]).concat(r.shuffled(updates).slice(0, 50))],
      [`batched by Yjs (seed ${seed + i})`, async () => batches(updates, r).map(b => Y.mergeUpdates(b))],
      [`batched by the replica (seed ${seed + i})`, () => Promise.all(r.shuffled(batches(updates, r)).map(b => replica.get('M', list(b))))]
    )
  }
  return out
}

function batches (updates, r) {
  const rest = [...updates]
  const out = []
  while (rest.length) out.push(rest.splice(0, r.between(1, 12)))
  return out
}

// check plays one variant. What Yjs makes of the same list is right; and all of
// it together must be what was recorded.
export async function check (replica, recording, make) {
  const updates = await make()
  const found = await judge(replica, { updates, behind: [] })
  const [want, got] = [vectorText(recording.final), vectorText(Y.encodeStateVector(docOf(updates)))]
  if (want !== got) found.add('meta', 'recorded state vector', { want, got })
  return found
}
