/** Whether it makes sense to connect again: at once (with backoff), after a pause, or not until the user does something. */
export type Retry = 'soon' | 'later' | 'never'

export interface Closing {
  /** One or two words, for the state. */
  state: string
  /** A sentence for the notice; empty when the state says enough. */
  text: string
  retry: Retry
  /** What the user can do about it. */
  way?: 'reload' | 'sign in'
}

const closings: Record<number, Closing> = {
  1000: { state: 'Offline', text: '', retry: 'soon' },
  1001: { state: 'Server stopping', text: 'The server is going away. The page connects again when it is back.', retry: 'soon' },
  1008: { state: 'Paused', text: 'The server received more than it allows from this page and paused it.', retry: 'later' },
  1009: {
    state: 'Too large',
    text: 'The last change is larger than the server accepts and was not saved. Copy it out, load the record anew, and add it in parts.',
    retry: 'never',
    way: 'reload',
  },
  1011: { state: 'Server error', text: 'Something failed on the server. The page keeps trying.', retry: 'later' },
  1012: { state: 'Restarting', text: 'The server restarts. Your text is kept here and sent when it is back.', retry: 'soon' },
  1013: { state: 'Busy', text: 'The server is busy. The page tries again in a moment.', retry: 'later' },
  4001: { state: 'Signed out', text: 'Your session is no longer valid. Sign in again to go on.', retry: 'never', way: 'sign in' },
  4003: { state: 'No access', text: 'This record does not exist, or you have no right to see it.', retry: 'never' },
  4004: { state: 'Not available', text: 'This kind of document cannot be edited together on this server.', retry: 'never' },
  4013: { state: 'Busy', text: 'The server has as many records open as it may. The page tries again by itself.', retry: 'later' },
  4400: { state: 'Refused', text: 'The server could not read what this window sent.', retry: 'never', way: 'reload' },
  4409: { state: 'Outdated', text: 'This window holds an older version of the record.', retry: 'never', way: 'reload' },
  4413: {
    state: 'Too large',
    text: 'The record has reached the size the server allows, and the last change was not taken. Shorten the record, or split it.',
    retry: 'never',
    way: 'reload',
  },
  4500: { state: 'Not readable', text: 'The server could not read this record. The page tries again by itself.', retry: 'later' },
  4503: { state: 'Not available', text: 'The server cannot store edits at present. Yours are kept in this window, and the page tries again by itself.', retry: 'later' },
  4029: {
    state: 'Too many windows',
    text: 'Too many windows are connected for your account or from your network. Close one; the page tries again by itself.',
    retry: 'later',
  },
}

const lost: Closing = { state: 'Offline', text: '', retry: 'soon' }

/** What a close code means to the person in front of the page. */
export function closing(code: number, reason: string): Closing {
  let detail: { code?: unknown; reason?: unknown } = {}
  try {
    detail = JSON.parse(reason) ?? {}
  } catch {
    // not every server gives its reason as JSON
  }
  if (code === 4001 && detail.code === 'SESSION_REVOKED') {
    return { state: 'Signed out', text: 'Your access was withdrawn. What you see is no longer sent anywhere.', retry: 'never', way: 'sign in' }
  }
  const known = closings[code]
  if (known) return known
  if (code >= 4400 && code < 4500) {
    return { state: 'Refused', text: `The server refused the connection for good (code ${code}).`, retry: 'never' }
  }
  if (code >= 4000) return { state: 'Refused', text: `The server closed the connection (code ${code}).`, retry: 'later' }
  return lost
}
