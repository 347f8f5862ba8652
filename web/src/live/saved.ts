/** Where the edits made in this window are. */
export type SaveState =
  | 'none' // nothing was edited
  | 'editing' // not yet known to have reached the server
  | 'received' // the server has read them
  | 'saved' // the server has them on disk

export interface SavedFrame {
  clocks?: Record<string, number>
  updates?: number
}

/**
 * Follows the edits of one window to the server's disk.
 *
 * Everything is counted, nothing is a flag: a flag that a slow save clears forgets the edits made meanwhile. The counts are
 * those of the current connection; a new one starts at nothing, because what the old one had not confirmed goes again
 * in the answer to the server's first sync step.
 */
export class SaveTracker {
  #edited = false // there are local edits that are not known to be saved
  #ever = false
  #synced = false // the connection has answered the server's sync step 1
  #sent = 0
  #read = 0
  #durable = 0
  #pinged: number | null = null

  constructor(
    private readonly changed: (state: SaveState) => void,
    private readonly ping: () => void,
    /** This window's clock in the document, and under which client id; for servers that do not count updates. */
    private readonly clock: () => { client: number; clock: number },
  ) {}

  get state(): SaveState {
    if (!this.#ever) return 'none'
    if (!this.#edited) return 'saved'
    return this.#synced && this.#sent > 0 && this.#read >= this.#sent ? 'received' : 'editing'
  }

  /** A new socket was opened, or the last one was lost. */
  connection(): void {
    this.#synced = false
    this.#sent = this.#read = this.#durable = 0
    this.#pinged = null
    this.changed(this.state)
  }

  /** The user changed the document. */
  edit(): void {
    this.#edited = this.#ever = true
    this.changed(this.state)
  }

  /** An update went out; answer tells whether it was the answer to a sync step 1. */
  sent(answer: boolean): void {
    this.#sent++
    this.#synced ||= answer
    if (this.#edited) this.#askRead()
  }

  /** The server has read everything that went out before the ping. */
  pong(): void {
    if (this.#pinged === null) return
    this.#read = this.#pinged
    this.#pinged = null
    if (this.#edited && this.#read < this.#sent) this.#askRead()
    this.changed(this.state)
  }

  /** The server reports what is durable. */
  saved(frame: SavedFrame): void {
    if (typeof frame.updates === 'number') {
      this.#durable = Math.max(this.#durable, frame.updates)
    } else {
      const own = this.clock()
      if (this.#read >= this.#sent && (frame.clocks?.[own.client] ?? 0) >= own.clock) this.#durable = this.#sent
    }
    if (this.#edited && this.#synced && this.#sent > 0 && this.#durable >= this.#sent) this.#edited = false
    this.changed(this.state)
  }

  /** Whether there are edits that are not known to be saved. */
  get pending(): boolean {
    return this.#edited
  }

  /** Whether closing the window now could lose an edit. */
  get atRisk(): boolean {
    return this.#edited && this.state !== 'received'
  }

  #askRead(): void {
    if (this.#pinged !== null) return // one at a time: the next follows the answer
    this.#pinged = this.#sent
    this.ping()
  }
}
