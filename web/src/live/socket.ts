export interface ControlFrame {
  type: string
  event?: string
  [key: string]: unknown
}

export interface SocketEvents {
  /** A JSON frame of the server. */
  control(frame: ControlFrame): void
  /** A document update left; answer tells whether it answers a sync step 1. */
  updateSent(answer: boolean): void
}

/**
 * A WebSocket for stock y-websocket, which knows binary frames only and throws on text: text frames are taken out and handed
 * to the page. It also sees which of the frames that leave carry a document update, which is what "saved" is counted by.
 */
export function controlSocket(events: SocketEvents): typeof WebSocket {
  return class extends WebSocket {
    override set onmessage(handler: ((event: MessageEvent) => void) | null) {
      super.onmessage =
        handler &&
        ((event) => {
          if (typeof event.data !== 'string') handler(event)
          else {
            const frame = parse(event.data)
            if (frame) events.control(frame)
          }
        })
    }

    override send(data: Parameters<WebSocket['send']>[0]): void {
      super.send(data)
      // y-protocols: 0 = sync; then 0 = step 1, 1 = step 2, 2 = update
      if (data instanceof Uint8Array && data[0] === 0 && data[1] !== 0) events.updateSent(data[1] === 1)
    }
  }
}

function parse(text: string): ControlFrame | null {
  try {
    const frame: unknown = JSON.parse(text)
    return typeof frame === 'object' && frame !== null && 'type' in frame ? (frame as ControlFrame) : null
  } catch {
    return null
  }
}
