// The line protocol of a replica (see PROTOCOL.md), both ends of it.
import { spawn } from 'node:child_process'

export const OK = 0
export const ERROR = 1
export const PANIC = 2
export const UNSUPPORTED = 3

// Gone is what a request fails with when the replica ends, or is ended because
// it did not answer.
export class Gone extends Error {
  constructor (why, hung) { super(why); this.hung = hung }
}

// Replica runs a command and sends it requests. They may be sent without
// waiting; answers come in order.
export class Replica {
  constructor (command, { timeout = 30_000 } = {}) {
    this.command = command
    this.timeout = timeout
    this.start()
  }

  start () {
    const child = spawn(this.command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child = child
    this.waiting = []
    this.stderr = ''
    this.gone = null
    // A replica hangs if no answer has come for ten looks while one is waited for.
    // Not one timer a request: while Yjs computes for long, no answer is read.
    this.looks = 0
    clearInterval(this.watch)
    this.watch = setInterval(() => {
      this.looks = this.waiting.length ? this.looks + 1 : 0
      if (this.looks > 10) { this.hung = true; this.kill() }
    }, this.timeout / 10).unref()
    child.stderr.on('data', d => { this.stderr = (this.stderr + d).slice(-4000) })
    child.stdin.on('error', () => {}) // the exit says why
    child.on('close', (code, signal) => {
      if (this.child === child) this.fail(new Gone(`replica ended (${signal ?? code}): ${this.stderr.trim()}`, this.hung))
    })
    let have = Buffer.alloc(0)
    child.stdout.on('data', chunk => {
      have = have.length ? Buffer.concat([have, chunk]) : chunk
      while (have.length >= 4 && have.length >= 4 + have.readUInt32BE(0)) {
        const end = 4 + have.readUInt32BE(0)
        this.looks = 0
        this.waiting.shift().resolve({ status: have[4], data: new Uint8Array(have.subarray(5, end)) })
        have = have.subarray(end)
      }
    })
  }

  fail (error) {
    this.gone = error
    for (const r of this.waiting) r.reject(error)
    this.waiting = []
  }

  // ask sends one request and gives { status, data }.
  ask (op, payload = '') {
    if (this.gone) return Promise.reject(this.gone)
    const body = Buffer.from(payload)
    const head = Buffer.alloc(5)
    head.writeUInt32BE(body.length + 1)
    head.write(op, 4)
    const answer = new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
    })
    answer.catch(() => {}) // whoever awaits it sees the failure
    this.child.stdin.write(head)
    if (body.length) this.child.stdin.write(body)
    return answer
  }

  // get is ask for an answer that must be OK.
  async get (op, payload) {
    const { status, data } = await this.ask(op, payload)
    if (status !== OK) throw new Error(`replica answers ${op} with status ${status}: ${text(data)}`)
    return data
  }

  kill () { try { process.kill(-this.child.pid, 'SIGKILL') } catch {} }
  restart () { this.close(); this.hung = false; this.start() }
  close () { const c = this.child; this.child = null; c.stdin.end(); try { process.kill(-c.pid, 'SIGTERM') } catch {} }
}

// serve answers requests on stdin with handlers[op](payload), which may return
// bytes, a string or nothing, and throw.
export function serve (handlers) {
  const answer = (status, body = '') => {
    const b = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const head = Buffer.alloc(5)
    head.writeUInt32BE(b.length + 1)
    head[4] = status
    process.stdout.write(Buffer.concat([head, b]))
  }
  let have = Buffer.alloc(0)
  process.stdin.on('data', chunk => {
    have = Buffer.concat([have, chunk])
    while (have.length >= 4 && have.length >= 4 + have.readUInt32BE(0)) {
      const end = 4 + have.readUInt32BE(0)
      const handler = handlers[String.fromCharCode(have[4])]
      const payload = Uint8Array.from(have.subarray(5, end))
      have = have.subarray(end)
      if (!handler) { answer(UNSUPPORTED); continue }
      try { answer(OK, handler(payload) ?? '') } catch (e) { answer(e instanceof WebAssembly.RuntimeError ? PANIC : ERROR, String(e?.message ?? e)) }
    }
  })
  process.stdin.on('end', () => process.exit(0))
}

export const text = bytes => Buffer.from(bytes).toString()
export const hex = bytes => Buffer.from(bytes).toString('hex')

// list packs several byte strings into one payload: count, then each with its
// length in front, all u32.
export function list (parts) {
  const u32 = n => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b }
  return Buffer.concat([u32(parts.length), ...parts.flatMap(p => [u32(p.length), p])])
}
export function unlist (payload) {
  const b = Buffer.from(payload)
  const parts = []
  for (let n = b.readUInt32BE(0), at = 4; n > 0; n--) {
    const len = b.readUInt32BE(at)
    parts.push(new Uint8Array(b.subarray(at + 4, at + 4 + len)))
    at += 4 + len
  }
  return parts
}
// pair packs an update and a state vector: length of the update, update, vector.
export function pair (first, second) {
  const len = Buffer.alloc(4)
  len.writeUInt32BE(first.length)
  return Buffer.concat([len, first, second])
}
export function unpair (payload) {
  const len = Buffer.from(payload).readUInt32BE(0)
  return [payload.subarray(4, 4 + len), payload.subarray(4 + len)]
}
