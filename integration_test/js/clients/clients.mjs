// Stock y-websocket clients, steered by one JSON request a line on stdin and answering one a line on stdout.
// Requests run side by side: two "type" requests make two people typing at once.
//
//   {"n":1,"op":"open","client":"alice","url":"ws://…/realtime/records","room":"id","token":"…","v1":true}
//   {"n":2,"op":"synced","client":"alice"}
//   {"n":3,"op":"type","client":"alice","block":2,"at":0,"text":"…","pause":5}     at < 0 counts from the end
//   {"n":3,"op":"clear","client":"alice"}         deletes everything
//   {"n":3,"op":"revise","xml_of":base64,"afresh":true,"block":2,"text":"…"}   a document of nobody's -> xml, state
//   {"n":4,"op":"until","clients":["alice","bob"],"equal":true,"contains":"…","lacks":"…","presence":2}
//        "sees":[{"of":"alice","field":"caret","value":3}]   what each of the clients knows of the presence of others
//   {"n":5,"op":"read","client":"alice"}          -> xml, blocks, state (base64), updates, presence
//   {"n":6,"op":"saved","client":"alice"}         until everything this client wrote is reported saved (v1 only)
//   {"n":7,"op":"closed","client":"alice"}        -> code, reason of the next or last close by the server, frames (v1 only)
//   {"n":8,"op":"frame","client":"alice","match":"PERMISSION_DENIED"}   until a control frame holds this text -> frame
//   {"n":9,"op":"disconnect"|"connect"|"destroy"|"cut","client":"alice"}        cut: without a word; it reconnects by itself
//   {"n":10,"op":"state","client":"alice","field":"caret","value":3}            sets a field of its presence
//
// An answer is {"n":…,"ok":true,…} or {"n":…,"error":"…"}. Every wait has a limit ("limit" in ms, 15 000 by default).
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const clients = new Map()

class Client {
  constructor ({ url, room, token, v1 = false, doc = new Y.Doc() }) {
    this.doc = doc
    this.frames = []
    this.closes = []
    this.saved = new Map()
    this.unsaved = null
    this.wakers = new Set()
    const protocols = v1 ? ['civicpress.realtime.v1', `auth.${token}`] : token ? [`auth.${token}`] : []
    this.provider = new WebsocketProvider(url, room, doc, {
      protocols,
      disableBc: true,
      WebSocketPolyfill: v1 ? controlSocket(frame => this.control(frame)) : WebSocket
    })
    this.provider.awareness.setLocalStateField('user', { name: room, color: '#345678' })
    this.provider.on('connection-close', event => {
      if (event) this.closes.push({ code: event.code, reason: event.reason })
      this.wake()
    })
    this.provider.on('sync', () => this.wake())
    this.provider.awareness.on('change', () => this.wake())
    this.doc.on('update', () => this.wake())
  }

  get fragment () { return this.doc.getXmlFragment('default') }

  control (frame) {
    this.frames.push(frame)
    if (frame.event === 'saved') {
      for (const [client, clock] of Object.entries(frame.clocks ?? {})) {
        this.saved.set(Number(client), Math.max(clock, this.saved.get(Number(client)) ?? 0))
      }
    }
    this.wake()
  }

  allSaved () {
    const own = Y.decodeStateVector(Y.encodeStateVector(this.doc)).get(this.doc.clientID) ?? 0
    return (this.saved.get(this.doc.clientID) ?? 0) >= own
  }

  wake () { for (const waker of [...this.wakers]) waker() }

  state () { return Buffer.from(Y.encodeStateAsUpdate(this.doc)).toString('base64') }

  text (block) {
    const node = this.fragment.get(block)
    if (!(node instanceof Y.XmlElement)) throw new Error(`there is no block ${block}; the document has ${this.fragment.length}`)
    const first = node.length > 0 ? node.get(0) : null
    if (first instanceof Y.XmlText) return first
    const text = new Y.XmlText()
    node.insert(0, [text])
    return text
  }
}

// controlSocket hands JSON text frames to the callback, so that the stock provider sees binary frames only.
function controlSocket (onFrame) {
  return class extends WebSocket {
    set onmessage (handler) {
      super.onmessage = handler && (event => {
        if (typeof event.data === 'string') onFrame(JSON.parse(event.data))
        else handler(event)
      })
    }

    get onmessage () { return super.onmessage }
  }
}

function named (name) {
  const client = clients.get(name)
  if (!client) throw new Error(`there is no client ${name}`)
  return client
}

// until resolves when the condition holds; it is looked at whenever one of the clients changes.
function until (watched, limit, condition, explain) {
  return new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer)
      for (const c of watched) c.wakers.delete(look)
      settle(value)
    }
    const look = () => { if (condition()) finish(resolve) }
    const timer = setTimeout(() => finish(reject, new Error(`not within ${limit} ms: ${explain()}`)), limit)
    for (const c of watched) c.wakers.add(look)
    look()
  })
}

const operations = {
  open (r) {
    if (clients.has(r.client)) throw new Error(`client ${r.client} is open already`)
    clients.set(r.client, new Client(r))
  },
  async synced ({ client, limit }) {
    const c = named(client)
    await until([c], limit, () => c.provider.synced, () => `synced; closes: ${JSON.stringify(c.closes)}`)
  },
  async type ({ client, block, at = -1, text, pause: ms = 0 }) {
    const c = named(client)
    const node = c.text(block)
    const origin = c.provider.awareness
    let position = at < 0 ? node.length + 1 + at : at
    for (const letter of text) {
      // A relative position keeps the caret where it was while others type, as an editor does.
      const caret = Y.createRelativePositionFromTypeIndex(node, position, -1)
      if (ms > 0) await pause(ms)
      const here = Y.createAbsolutePositionFromRelativePosition(caret, c.doc)
      position = here ? here.index : node.length
      c.doc.transact(() => node.insert(position, letter), origin)
      position += letter.length
    }
  },
  revise ({ xml_of: update, afresh = false, block, text }) {
    let doc = new Y.Doc()
    Y.applyUpdate(doc, Buffer.from(update, 'base64'))
    if (afresh) { // the same content, by somebody who begins the document anew
      const copy = new Y.Doc()
      copy.getXmlFragment('default').insert(0, doc.getXmlFragment('default').toArray().map(node => node.clone()))
      doc = copy
    }
    const fragment = doc.getXmlFragment('default')
    const node = fragment.get(block).get(0)
    node.insert(node.length, text)
    return { xml: fragment.toString(), state: Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64') }
  },
  clear ({ client }) {
    const c = named(client)
    c.doc.transact(() => c.fragment.delete(0, c.fragment.length), c.provider.awareness)
  },
  async until ({ clients: names, equal, contains, lacks, presence, sees = [], limit }) {
    const all = names.map(named)
    const knows = (c, { of, field, value }) => c.provider.awareness.getStates().get(named(of).doc.clientID)?.[field] === value
    const xml = () => all.map(c => c.fragment.toString())
    await until(all, limit, () => {
      const now = xml()
      return (!equal || (now.every(x => x === now[0]) && all.every(c => Y.equalSnapshots(Y.snapshot(c.doc), Y.snapshot(all[0].doc))))) &&
        (contains === undefined || now.every(x => x.includes(contains))) &&
        (lacks === undefined || now.every(x => !x.includes(lacks))) &&
        sees.every(s => all.every(c => knows(c, s))) &&
        (presence === undefined || all.every(c => c.provider.awareness.getStates().size === presence))
    }, () => JSON.stringify({ equal, contains, lacks, presence, sees, known: all.map(c => [...c.provider.awareness.getStates()]), closes: all.map(c => c.closes), xml: xml().map(x => x.slice(0, 300)) }))
  },
  read ({ client }) {
    const c = named(client)
    return {
      xml: c.fragment.toString(),
      blocks: c.fragment.toArray().map(b => b.toString()),
      texts: c.fragment.toArray().map(b => b.toString().replace(/<[^>]*>/g, '')),
      state: c.state(),
      clientID: c.doc.clientID,
      saved: c.saved.get(c.doc.clientID) ?? 0,
      frames: c.frames,
      presence: [...c.provider.awareness.getStates().values()]
    }
  },
  async saved ({ client, limit }) {
    const c = named(client)
    await until([c], limit, () => c.allSaved(), () => `saved; last frames: ${JSON.stringify(c.frames.slice(-3))}`)
  },
  async closed ({ client, limit }) {
    const c = named(client)
    await until([c], limit, () => c.closes.length > 0, () => `closed by the server; frames: ${JSON.stringify(c.frames)}`)
    return { ...c.closes.at(-1), count: c.closes.length, frames: c.frames }
  },
  async frame ({ client, match, limit }) {
    const c = named(client)
    const found = () => c.frames.find(f => JSON.stringify(f).includes(match))
    await until([c], limit, () => found() !== undefined, () => `a frame with ${match}; frames: ${JSON.stringify(c.frames)}`)
    return { frame: found() }
  },
  state ({ client, field, value }) { named(client).provider.awareness.setLocalStateField(field, value) },
  cut ({ client }) { named(client).provider.ws?.terminate() },
  disconnect ({ client }) { named(client).provider.disconnect() },
  connect ({ client }) { named(client).provider.connect() },
  destroy ({ client }) {
    const c = named(client)
    c.provider.destroy()
    c.doc.destroy()
    clients.delete(client)
  }
}

function answer (n, body) { process.stdout.write(JSON.stringify({ n, ...body }) + '\n') }

process.on('uncaughtException', err => answer(0, { error: `uncaught: ${err.stack}` }))

createInterface({ input: process.stdin }).on('line', async line => {
  let n = 0
  try {
    const request = { limit: 15000, ...JSON.parse(line) }
    n = request.n
    const operation = operations[request.op]
    if (!operation) throw new Error(`unknown op ${request.op}`)
    answer(n, { ok: true, ...await operation(request) })
  } catch (err) {
    answer(n, { error: err.message })
  }
}).on('close', () => process.exit(0))
