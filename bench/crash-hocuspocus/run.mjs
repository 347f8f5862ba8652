// Kills a Hocuspocus server while people type, and counts what it had reported synced and does not have after a restart.
// It is the run of integration_test/crash_test.go: three people, a new word each 2 to 42 ms at a place between words,
// SIGKILL at a random instant, restart, and a client that knows nothing looks before anybody brings anything back.
//
//   node run.mjs [--kills N] [--typing 900ms|15s] [--seed S]      --typing: the longest time from opening to the kill
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import WebSocket from 'ws'
import * as Y from 'yjs'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    typing: { type: 'string', default: '900ms' },
    seed: { type: 'string', default: String(Date.now()) }
  }
})
const [kills, seed] = [values.kills, values.seed].map(Number)
const [, amount, unit] = /^(\d+)(ms|s)$/.exec(values.typing) ?? []
const typing = Number(amount) * (unit === 's' ? 1000 : 1)
for (const [name, value] of Object.entries({ kills, typing, seed })) {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be ${name === 'typing' ? 'a time like 900ms or 15s' : 'a whole number above 0'}`)
}

const people = 3
const original = 'The council meets on the first Monday of each month. '
const anyWord = /c\d+n\d+z /g

// random is a generator with a seed (a 32-bit mix of a counter), so that a run can be repeated.
function random (state) {
  return below => {
    state = (state + 0x9e3779b9) >>> 0
    let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    return ((x ^ (x >>> 15)) >>> 0) % below
  }
}

const restarts = []

async function start (file) {
  const began = performance.now()
  const child = spawn(process.execPath, [new URL('server.mjs', import.meta.url).pathname, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const first = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited])
  restarts.push(performance.now() - began)
  if (child.exitCode !== null) throw new Error('the Hocuspocus server did not start')
  return { url: `ws://127.0.0.1:${JSON.parse(first[0]).port}`, kill: () => { child.kill('SIGKILL'); return exited } }
}

// Person is a stock provider and the words that were typed over it.
class Person {
  constructor (url, name) {
    this.name = name
    this.doc = new Y.Doc()
    this.words = []
    this.acks = []
    this.socket = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
    this.provider = new HocuspocusProvider({ websocketProvider: this.socket, name: 'record', document: this.doc })
    this.provider.attach()
    this.ready = new Promise(resolve => this.provider.on('synced', resolve))
    // No unsynced changes: this is what an editor shows as "all changes saved".
    this.provider.on('unsyncedChanges', ({ number }) => {
      if (number > 0) return
      const now = performance.now()
      for (const word of this.words) {
        if (word.synced) continue
        word.synced = true
        this.acks.push(now - word.sent)
      }
    })
  }

  get paragraph () { return this.doc.getXmlFragment('default').get(0)?.get(0) }
  get text () { return this.paragraph?.toString() ?? '' }

  type (rnd) {
    const text = this.text
    const places = [0, text.length]
    for (let i = 2; i < text.length; i++) if (text[i - 1] === ' ' && text[i - 2] === 'z') places.push(i)
    const word = { text: `c${this.name}n${this.words.length}z `, sent: performance.now(), synced: false }
    this.words.push(word)
    this.paragraph.insert(places[rnd(places.length)], word.text)
  }

  leave () {
    this.provider.destroy()
    this.socket.destroy()
    this.doc.destroy()
  }
}

async function open (url, name) {
  const person = new Person(url, name)
  const limit = setTimeout(() => { throw new Error('a client is not synced within 30 s') }, 30_000)
  await person.ready
  clearTimeout(limit)
  return person
}

function count (text, word) { return text.split(word).length - 1 }

const rnd = random(seed)
const folder = await mkdtemp(join(tmpdir(), 'crash-hocuspocus-'))
const total = { reported: 0, lost: 0, torn: 0, twice: 0 }
const acks = []
let names = 0
try {
  const file = join(folder, 'documents.sqlite')
  let server = await start(file)
  // The record is there, and stored, before anybody types.
  const founder = await open(server.url, names++)
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText(original)])
  founder.doc.getXmlFragment('default').insert(0, [paragraph])
  await pause(3000)
  founder.leave()
  await pause(500)

  for (let i = 0; i < kills; i++) {
    const typists = []
    for (let n = 0; n < people; n++) typists.push(await open(server.url, names++))
    let typingOn = true
    const kill = pause(20 + rnd(typing)).then(() => { typingOn = false; return server.kill() })
    await Promise.all([kill, ...typists.map(async person => {
      while (typingOn) {
        person.type(rnd)
        await pause(2 + rnd(40))
      }
    })])
    for (const person of typists) person.leave()
    server = await start(file)
    const eye = await open(server.url, names++)
    const text = eye.text
    eye.leave()
    for (const person of typists) {
      acks.push(...person.acks)
      for (const word of person.words) {
        if (word.synced) total.reported++
        const there = count(text, word.text)
        if (word.synced && there === 0) total.lost++
        if (there > 1) total.twice++
      }
    }
    if (text.replace(anyWord, '') !== original) total.torn++
  }
  await server.kill()
} finally {
  await rm(folder, { recursive: true, force: true })
}
const quantile = (list, p) => {
  list.sort((a, b) => a - b)
  return Number((list[Math.min(list.length - 1, Math.floor(list.length * p / 100))] ?? 0).toFixed(1))
}
const row = {
  run: 'Hocuspocus 4.7.0, SQLite extension, defaults',
  kills,
  acked: total.reported,
  lost: total.lost,
  torn: total.torn,
  twice: total.twice,
  measured: true,
  ack_p50_ms: quantile(acks, 50),
  ack_p99_ms: quantile(acks, 99),
  restart_p50_ms: quantile(restarts, 50),
  restart_max_ms: quantile(restarts, 100),
  seed: String(seed),
  comment: 'acked = no unsynced changes: received, not stored'
}
console.log(JSON.stringify(row))
if (process.env.CRASH_REPORT) await appendFile(process.env.CRASH_REPORT, JSON.stringify(row) + '\n')
process.exit(0)
