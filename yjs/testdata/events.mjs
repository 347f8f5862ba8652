// Plays random sessions in Yjs and records, for each update that a document
// applies, the update event it emits and what deep observers are told.
import * as Y from 'yjs'
import { PROFILES, genSession, execSession } from './lib/session.mjs'
import { pureDoc } from './lib/canon.mjs'
const hex = b => Buffer.from(b).toString('hex')
const val = v => v === undefined ? { $undef: 1 } : v instanceof Y.AbstractType ? { $type: v._item.id.client + ':' + v._item.id.clock } : v instanceof Uint8Array ? { $bin: hex(v) } : v
const deltaOf = (d, isText) => d.map(o => ({ ...o, ...(o.insert !== undefined ? { insert: Array.isArray(o.insert) ? o.insert.map(val) : isText ? val(o.insert) : o.insert } : {}) }))
const out = []
const list = process.argv[2] ? process.argv[2].split(',') : Object.keys(PROFILES)
const per = +process.argv[3] || 1
for (const p of list) for (let i = 0; i < per; i++) {
  const x = execSession(genSession(p, 4711 + i * 977, 0.6)); const d = pureDoc(); const steps = []
  let events = null; let ev = ''; let spoiled = false
  d.getXmlFragment('default').observeDeep(es => {
    events = es.map(e => {
      const text = e.target instanceof Y.Text
      const delta = text ? (e.childListChanged ? deltaOf(e.delta, true) : []) : deltaOf(e.changes.delta, false)
      return { path: e.path, delta, keys: Object.fromEntries([...e.keys].map(([k, v]) => [k, { action: v.action, oldValue: val(v.oldValue) }])) }
    })
  })
  // Reading the delta of a text can delete marks, in a transaction of its own: such sessions end there.
  let emitted = 0
  d.on('update', u => { ev = hex(u); emitted++ })
  for (const u of x.stream) {
    if (u === 'reload') continue
    events = null; ev = ''; emitted = 0
    Y.applyUpdate(d, u)
    if (emitted > 1) spoiled = true
    if (spoiled) break
    steps.push({ update: hex(u), event: ev, events: events || undefined })
  }
  out.push({ profile: p, steps, state: spoiled ? undefined : hex(Y.encodeStateAsUpdate(d)) })
}
console.log('[\n' + out.map(s => JSON.stringify(s)).join(',\n') + '\n]')
