// A session: some people edit one document through a server, each with a
// connection of their own that delays and breaks. What comes out is the list of
// updates that a server gets, made by real Yjs clients.
import * as Y from 'yjs'
import { Random } from './random.mjs'
import { PROFILES } from './profiles.mjs'
import { Writer, Scribbler } from './editor.mjs'
import { integrating } from './tree.mjs'

export const RELOAD = 'reload' // in the list: the server saves, forgets and loads its document

// play gives { updates, behind }: behind are moments of clients that had not
// heard everything, as { vector, state }.
export function play (profileName, seed) {
  const profile = PROFILES[profileName]
  const r = new Random(seed)
  const ids = new Set()
  for (const n = r.between(...profile.people); ids.size < n;) ids.add(r.chance(0.3) ? r.between(1, 300) : r.next() || 1)
  const server = new Server()
  const people = [...ids].map(id => new Person(id, profile, server))
  const behind = []
  if (r.chance(0.8)) {
    people[0].editor.act(profile.first ?? (profile.scribbler ? 'element' : 'click'), r)
    people[0].send()
  }
  for (let left = Math.round(profile.steps * (0.5 + 1.5 * r.below(1000) / 1000)); left > 0; left--) {
    const p = r.of(people)
    const step = r.weighted({ act: 30, send: 8, hear: people.length > 1 ? 8 : 0, undo: profile.undo ?? 0, away: profile.away ?? 0, remember: 1 })
    if (step === 'act') p.editor.act(r.weighted(profile.acts), new Random(r.next()))
    else if (step === 'send') p.send()
    else if (step === 'hear') p.hear(r.between(1, 12))
    else if (step === 'undo') r.chance(0.65) ? p.editor.undo() : p.editor.redo()
    else if (step === 'away') p.online ? p.leave() : p.comeBack()
    else behind.push({ vector: Y.encodeStateVector(p.editor.doc), state: Y.encodeStateAsUpdate(p.editor.doc) })
  }
  for (const p of people) p.online ? p.send() : p.comeBack()
  for (const p of people) { p.hear(Infinity); p.editor.history.destroy() }
  return { updates: deliver[profile.delivery ?? 'inOrder'](server.log, r, people), behind }
}

class Server {
  constructor () { this.log = []; this.doc = integrating() }
  receive (update) { this.log.push(update); Y.applyUpdate(this.doc, update) }
}

class Person {
  constructor (id, profile, server) {
    this.server = server
    this.editor = new (profile.scribbler ? Scribbler : Writer)(id, { emoji: !!profile.emoji })
    this.online = true
    this.made = [] // every update of this client, for delivery that knows no server
    this.unsent = []
    this.own = new Set() // positions in the server's log
    this.heard = 0
    this.editor.doc.on('update', (update, origin) => {
      if (origin === 'remote') return
      this.made.push(update)
      if (this.online) this.unsent.push(update)
    })
  }

  send () {
    if (!this.online) return
    for (const u of this.unsent.splice(0)) { this.own.add(this.server.log.length); this.server.receive(u) }
  }

  hear (most) {
    for (; this.online && most > 0 && this.heard < this.server.log.length; most--, this.heard++) {
      if (!this.own.has(this.heard)) this.editor.receive(this.server.log[this.heard])
    }
  }

  leave () { this.send(); this.online = false }

  comeBack () { // what y-websocket does: state vectors both ways, then what is missing
    const mine = Y.encodeStateAsUpdate(this.editor.doc, Y.encodeStateVector(this.server.doc))
    const theirs = Y.encodeStateAsUpdate(this.server.doc, Y.encodeStateVector(this.editor.doc))
    this.online = true
    this.unsent = []
    if (mine.length > 2) { this.own.add(this.server.log.length); this.server.receive(mine) }
    this.editor.receive(theirs)
    this.heard = this.server.log.length
  }
}

const deliver = {
  inOrder: log => log,

  // The server is restarted now and then.
  reload: (log, r) => [...log.flatMap(u => r.chance(0.08) ? [u, RELOAD] : [u]), RELOAD],

  // The server starts with one state that Yjs wrote.
  cold (log, r) {
    const cut = r.below(log.length + 1)
    const doc = new Y.Doc()
    doc.getXmlFragment('default')
    for (const u of log.slice(0, cut)) Y.applyUpdate(doc, u)
    return [Y.encodeStateAsUpdate(doc), ...log.slice(cut)]
  },

  // A network that merges, repeats, reorders and cuts.
  chaos (log, r, people) {
    let out = people.flatMap(p => p.made.map((update, i) => ({ update, at: i / p.made.length }))).sort((a, b) => a.at - b.at).map(x => x.update)
    if (out.length === 0) return out
    if (r.chance(0.7)) {
      const merged = []
      while (out.length) merged.push(Y.mergeUpdates(out.splice(0, r.chance(0.3) ? r.between(2, 6) : 1)))
      out = merged
    }
    if (r.chance(0.4)) for (let i = 0; i < 3; i++) out.push(Y.mergeUpdates([r.of(out), r.of(out)])) // mostly with a gap between
    if (r.chance(0.5)) for (let i = 0; i < 5; i++) out.push(r.of(out))
    if (r.chance(0.4)) out.push(part(r.of(people).editor.doc, r))
    return r.of([
      () => r.shuffled(out),
      () => out.reverse(),
      () => jittered(out, r.between(2, 10), r),
      () => jittered(out, r.between(2, 10), r)
    ])()
  }
}

// part is a state less what an imagined client has. Its clocks are starts of
// structs: Yjs itself does not survive a cut inside a surrogate pair.
function part (doc, r) {
  const has = new Map()
  for (const [client, structs] of doc.store.clients) has.set(client, r.chance(0.2) ? Y.getState(doc.store, client) : r.of(structs).id.clock)
  return Y.diffUpdate(Y.encodeStateAsUpdate(doc), Y.encodeStateVector(has))
}

function jittered (list, width, r) {
  const out = []
  const near = []
  for (const x of list) {
    near.push(x)
    if (near.length === width) out.push(...near.splice(r.below(width), 1))
  }
  return [...out, ...r.shuffled(near)]
}
