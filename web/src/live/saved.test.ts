import { beforeEach, expect, test } from 'vitest'
import { SaveTracker } from './saved'

let tracker: SaveTracker
let pings: number
let clock: number

beforeEach(() => {
  pings = 0
  clock = 0
  tracker = new SaveTracker(
    () => {},
    () => pings++,
    () => ({ client: 7, clock }),
  )
  tracker.connection()
  tracker.sent(true) // the answer to the server's sync step 1
})

const edit = () => {
  tracker.edit()
  tracker.sent(false)
}

test('an edit goes from editing to received to saved', () => {
  expect(tracker.state).toBe('none')
  edit()
  expect([tracker.state, pings, tracker.atRisk]).toEqual(['editing', 1, true])
  tracker.pong()
  expect([tracker.state, tracker.atRisk]).toEqual(['received', false])
  tracker.saved({ updates: 2 })
  expect([tracker.state, tracker.atRisk]).toEqual(['saved', false])
})

test('a save of earlier edits does not cover a later one', () => {
  edit()
  edit()
  tracker.saved({ updates: 2 })
  expect(tracker.state).toBe('editing')
  tracker.pong() // of the first ping, sent before the second edit
  expect([tracker.state, pings]).toEqual(['editing', 2])
  tracker.saved({ updates: 3 })
  expect(tracker.state).toBe('saved')
})

test('edits made offline are not saved before they are sent', () => {
  edit()
  tracker.connection() // lost, and back
  tracker.sent(false) // a keystroke right after the socket opened
  tracker.saved({ updates: 1 })
  expect(tracker.state).toBe('editing')
  tracker.sent(true) // now the answer to sync step 1, which carries what was typed offline
  tracker.saved({ updates: 1 })
  expect(tracker.state).toBe('editing')
  tracker.saved({ updates: 2 })
  expect(tracker.state).toBe('saved')
})

test('a saved window stays saved through a reconnect', () => {
  edit()
  tracker.saved({ updates: 2 })
  tracker.connection()
  tracker.sent(true)
  expect(tracker.state).toBe('saved')
})

test('a server that only tells clocks is believed once it has read everything', () => {
  clock = 5
  edit()
  tracker.saved({ clocks: { 7: 5 } })
  expect(tracker.state).toBe('editing')
  tracker.pong()
  tracker.saved({ clocks: { 7: 4 } })
  expect(tracker.state).toBe('received')
  tracker.saved({ clocks: { 7: 5 } })
  expect(tracker.state).toBe('saved')
})
