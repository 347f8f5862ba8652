// Plays random sessions in Yjs as an editor's document sees them, which cleans
// up marks after remote changes, and records the state at the end of each.
import * as Y from 'yjs'
import { genSession, execSession } from './lib/session.mjs'
const hex = b => Buffer.from(b).toString('hex')
const out = []
const per = +process.argv[2] || 3
for (const p of ['marks-n', 'tiptap', 'raw', 'raw-chaos']) for (let i = 0; i < per; i++) {
  const x = execSession(genSession(p, 977 + i * 31, 0.5)); const d = new Y.Doc(); d.getXmlFragment('default')
  const updates = x.stream.filter(u => u !== 'reload'); const states = []
  for (const u of updates) { Y.applyUpdate(d, u); states.push(hex(Y.encodeStateAsUpdate(d))) }
  out.push({ profile: p, updates: updates.map(hex), last: states[states.length - 1], states: process.argv[3] ? states : undefined })
}
console.log('[\n' + out.map(s => JSON.stringify(s)).join(',\n') + '\n]')
