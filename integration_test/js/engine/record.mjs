// node record.mjs: writes testdata/sessions/*.jsonl, small sessions that do not
// change when the editors do. The format is that of lib/recorded.mjs.
import { mkdirSync, writeFileSync } from 'node:fs'
import * as Y from 'yjs'
import { play, RELOAD } from './lib/session.mjs'
import { docOf } from './lib/tree.mjs'

const dir = new URL('testdata/sessions/', import.meta.url).pathname
mkdirSync(dir, { recursive: true })
for (const [name, profile, seed] of [
  ['typing', 'type-n', 7], ['everything', 'tiptap', 11], ['undo', 'undo-n', 5], ['emoji', 'emoji-n', 3], ['direct', 'raw', 12]
]) {
  const updates = play(profile, seed).updates.filter(u => u !== RELOAD)
  const doc = docOf(updates)
  const b64 = bytes => Buffer.from(bytes).toString('base64')
  const lines = [
    ...updates.map(u => ({ kind: 'update', b64: b64(u) })),
    { kind: 'final', profile, seed, state_vector_b64: b64(Y.encodeStateVector(doc)), update_b64: b64(Y.encodeStateAsUpdate(doc)) }
  ]
  writeFileSync(`${dir}${name}.jsonl`, lines.map(l => JSON.stringify(l) + '\n').join(''))
  console.log(name, updates.length, 'updates')
}
