import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { closing, type Closing } from './closecodes'
import { SaveTracker, type SavedFrame, type SaveState } from './saved'
import { controlSocket, type ControlFrame } from './socket'

export type Access = 'edit' | 'view'

export interface Connection {
  phase: 'connecting' | 'online' | 'offline'
  access: Access
  /** Why it is offline, when the server said so. */
  closing: Closing | null
  /** Something the server said about an edit or the connection. */
  notice: string
  /** The server's disk does not take edits. */
  failing: boolean
}

export interface RoomOptions {
  realtime: string
  recordId: string
  token: string
  /** What the user may do as far as the page knows before the server says. */
  access: Access
  onConnection(connection: Connection): void
  onSaved(state: SaveState): void
  /** The server's document replaces this one: what is here must not be sent again. */
  onReload(reason: string): void
}

/** The protocol under which the server sends control frames. */
const controlProtocol = 'civicpress.realtime.v1'

/** One record, open in this window: document, socket, and what is known about both. */
export class Room {
  readonly doc = new Y.Doc()
  readonly provider: WebsocketProvider
  readonly saves: SaveTracker
  /** Settles when the document has the server's state for the first time. */
  readonly ready: Promise<void>

  #connection: Connection
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: RoomOptions) {
    this.#connection = { phase: 'connecting', access: options.access, closing: null, notice: '', failing: false }
    this.saves = new SaveTracker(
      options.onSaved,
      () => this.provider.ws?.send('{"type":"ping"}'),
      () => ({ client: this.doc.clientID, clock: Y.getState(this.doc.store, this.doc.clientID) }),
    )
    this.provider = new WebsocketProvider(`${options.realtime}/realtime/records`, encodeURIComponent(options.recordId), this.doc, {
      connect: false,
      protocols: [controlProtocol, `auth.${options.token}`],
      WebSocketPolyfill: controlSocket({
        control: (frame) => this.#control(frame),
        updateSent: (answer) => this.saves.sent(answer),
      }),
      maxBackoffTime: 8000,
      // What one sees should have gone through the server, which checks rights and keeps it: no short cut between tabs.
      disableBc: true,
      shouldReconnect: (event) => closing(event.code, event.reason).retry === 'soon',
    })
    this.ready = new Promise((resolve) => this.provider.once('sync', () => resolve()))
    this.provider.on('status', ({ status }) => {
      if (status === 'connecting') this.#update({ phase: this.#connection.closing ? 'offline' : 'connecting' })
      else this.saves.connection()
    })
    this.provider.on('sync', (synced: boolean) => {
      if (synced) this.#update({ phase: 'online', closing: null })
    })
    this.provider.on('connection-close', (event) => {
      const why = event ? closing(event.code, event.reason) : closing(1006, '')
      this.#update({ phase: 'offline', closing: why })
      if (event && why.retry === 'later') this.#connectLater()
    })
    // After the provider's own listener: by now the update has been sent, if there is a socket.
    this.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (origin !== this.provider) this.saves.edit()
    })
    addEventListener('online', this.#online)
    addEventListener('beforeunload', this.#leaving)
  }

  connect(): void {
    this.provider.connect()
  }

  get connection(): Connection {
    return this.#connection
  }

  destroy(): void {
    clearTimeout(this.#retry)
    removeEventListener('online', this.#online)
    removeEventListener('beforeunload', this.#leaving)
    this.provider.awareness.setLocalState(null) // tells the others at once
    this.provider.destroy()
    this.doc.destroy()
  }

  #update(change: Partial<Connection>): void {
    this.#connection = { ...this.#connection, ...change }
    this.options.onConnection(this.#connection)
  }

  /** Takes what this user may do; a change under his hands is told in words. */
  #access(access: Access, changed: boolean): void {
    const notice = access === 'edit' ? '' : 'You may no longer edit this record. You go on seeing what others write.'
    this.#update(changed ? { access, notice } : { access })
  }

  #connectLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.provider.connect(), 4000 + Math.random() * 6000)
  }

  readonly #online = () => this.#connection.closing?.retry !== 'never' && this.provider.connect()

  readonly #leaving = (event: BeforeUnloadEvent) => {
    if (this.saves.atRisk) event.preventDefault()
  }

  #control(frame: ControlFrame): void {
    if (frame.type === 'pong') return this.saves.pong()
    if (frame.type !== 'control') return
    switch (frame.event) {
      case 'saved':
        if (this.#connection.failing) this.#update({ failing: false })
        return this.saves.saved(frame as unknown as SavedFrame)
      case 'connection.ack':
      case 'access':
        if (frame.access === 'edit' || frame.access === 'view') this.#access(frame.access, frame.event === 'access')
        return
      case 'reload':
        return this.options.onReload('This window held an older version of the record; what you see now is the current one.')
      case 'unsaved':
        return this.#update({ failing: true })
      case 'notice':
        return this.#update({ notice: String(frame.reason ?? '') })
      case 'error': {
        const { code, message } = (frame.error ?? {}) as { code?: string; message?: string }
        // The refused edit is in this window's document and nowhere else; only a fresh document is true again.
        if (code === 'PERMISSION_DENIED' && this.saves.pending) {
          return this.options.onReload('You may not edit this record. Your last change was not taken; what you see is the record as it is.')
        }
        return this.#update({ notice: message ?? '' })
      }
    }
  }
}
