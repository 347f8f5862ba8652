import { h, setText } from '../dom'
import { chart, type ChartOptions } from './chart'
import { bytes, duration, milliseconds, number } from './format'
import type { Point, RoomStats, Stats } from './stats'

const closeNames: Record<string, string> = {
  1000: 'Closed by the page',
  1001: 'Page left or server stopping',
  1005: 'Closed without a code',
  1006: 'Connection lost',
  1008: 'Sustained abuse',
  1009: 'Frame too large',
  1011: 'Error on the server',
  1012: 'Server restarting',
  1013: 'Try again later',
  4001: 'Signed out or revoked',
  4003: 'No right, or no record',
  4004: 'Unknown room type',
  4013: 'Too many rooms',
  4029: 'Too many connections',
  4409: 'Outdated document',
  4500: 'Record could not be read',
  4503: 'Storage not available',
}

interface Tile {
  element: HTMLElement
  update(stats: Stats, points: readonly Point[]): void
}

function tile(title: string, figure: (s: Stats) => string, note: (s: Stats) => string, options?: ChartOptions, alarm: (s: Stats) => boolean = () => false): Tile {
  const value = h('span', { class: 'figure' })
  const small = h('span', { class: 'note' })
  const plot = options && chart(options)
  const legend =
    options && options.series.length > 1
      ? h('ul', { class: 'legend' }, ...options.series.map((s) => h('li', { class: `ink-${s.ink}` }, s.name)))
      : null
  const element = h('section', { class: 'tile' }, h('h2', {}, title), h('p', { class: 'reading' }, value, small), legend, plot?.element)
  return {
    element,
    update(stats, points) {
      setText(value, figure(stats))
      setText(small, note(stats))
      element.classList.toggle('alarm', alarm(stats))
      plot?.update(points)
    },
  }
}

function closesTile(): Tile {
  const list = h('ul', { class: 'bars' })
  return {
    element: h('section', { class: 'tile wide' }, h('h2', {}, 'Closed connections, by reason'), list),
    update({ closes }) {
      const entries = Object.entries(closes ?? {}).sort(([, a], [, b]) => b - a)
      const most = Math.max(1, ...entries.map(([, n]) => n))
      list.replaceChildren(
        ...(entries.length ? entries : []).slice(0, 7).map(([code, count]) => {
          const bar = h('span', { class: 'bar-fill', 'aria-hidden': 'true' })
          // A root scale keeps rare codes, which are the interesting ones, visible beside common ones.
          bar.style.width = `${(Math.sqrt(count / most) * 100).toFixed(1)}%`
          return h('li', {}, h('span', { class: 'bar-name' }, closeNames[code] ?? 'Other', h('span', { class: 'code' }, code)), h('span', { class: 'bar-value' }, number(count)), bar)
        }),
        ...(entries.length ? [] : [h('li', { class: 'empty' }, 'None since the start')]),
      )
    },
  }
}

function roomRow(room: RoomStats, now: number): HTMLElement {
  const waiting = room.seq - room.saved_seq
  const users = room.users ?? []
  const people = users.map((name) => {
    const since = room.idle?.[name]
    return since ? `${name} (idle ${duration(now - Date.parse(since))})` : name
  })
  const state = room.writeback_error
    ? h('span', { class: 'mark-bad', title: room.writeback_error }, `Draft not written: ${room.writeback_error}`)
    : waiting > 0
      ? h('span', { class: 'mark-waiting' }, `${number(waiting)} waiting`)
      : h('span', { class: 'mark-good' }, 'Saved')
  const cell = (label: string, kind: string, ...content: (Node | string)[]) => h('td', { 'data-label': label, class: kind }, ...content)
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, room.id.replace(/^records:/, '')),
    cell('People', '', people.length ? people.join(', ') : '–', room.clients > users.length ? h('span', { class: 'soft' }, ` (${room.clients} windows)`) : ''),
    cell('Edits/s', 'num', number(room.updates_per_s)),
    cell('Size', 'num', bytes(room.bytes)),
    cell('On disk', '', state),
    cell('Snapshot', 'num', room.last_snapshot_at ? `${duration(now - Date.parse(room.last_snapshot_at))} ago` : 'not yet'),
  )
}

function roomsTable(): Tile {
  const body = h('tbody')
  const note = h('span', { class: 'soft' })
  return {
    element: h(
      'section',
      { class: 'rooms' },
      h('div', { class: 'rooms-head' }, h('h2', {}, 'Open records'), note),
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...[['Record', ''], ['People', ''], ['Edits/s', 'num'], ['Size', 'num'], ['On disk', ''], ['Snapshot', 'num']].map(([name, kind]) => h('th', { scope: 'col', class: kind }, name)))),
        body,
      ),
    ),
    update(stats) {
      const rooms = stats.rooms ?? []
      const now = Date.parse(stats.now)
      setText(note, `${number(stats.rooms_open)}${stats.rooms_limit ? ` of ${number(stats.rooms_limit)}` : ''}${rooms.length < stats.rooms_open ? `, the ${rooms.length} busiest shown` : ''}`)
      body.replaceChildren(
        ...rooms.map((room) => roomRow(room, now)),
        ...(rooms.length ? [] : [h('tr', {}, h('td', { colspan: 6, class: 'empty' }, 'Nobody has a record open.'))]),
      )
    },
  }
}

/** Of how many records the draft cannot be written at present. */
const failing = (stats: Stats) => (stats.rooms ?? []).filter((room) => room.writeback_error).length

const statusNames = { healthy: 'Healthy', degraded: 'Degraded', unhealthy: 'Unhealthy' }

/** The whole view; update takes each answer of the server. */
export function dashboardView(): { element: HTMLElement; update(stats: Stats, points: readonly Point[]): void; stale(text: string): void } {
  const status = h('p', { class: 'status', role: 'status' })
  const reasons = h('ul', { class: 'reasons' })
  const facts = h('p', { class: 'facts' })
  const stale = h('p', { class: 'stale', role: 'alert', hidden: true })
  const tiles: Tile[] = [
    tile(
      'Connected',
      (s) => number(s.connections.open),
      (s) => `${s.connections.limit ? `of ${number(s.connections.limit)}, ` : ''}${number(s.connections.refused_total)} refused`,
      { label: 'Connections', series: [{ name: 'connections', ink: 1, value: (p) => p.connections }], format: number, floor: 5 },
    ),
    tile(
      'Edits a second',
      (s) => number(s.rates.updates_per_s),
      () => 'mean of 10 s',
      { label: 'Edits a second', series: [{ name: 'edits', ink: 1, value: (p) => p.updates_per_s }], format: number, floor: 5 },
    ),
    tile(
      'Until an edit is safe',
      (s) => milliseconds(s.ack.p50_ms),
      (s) => (s.ack.samples ? `p99 ${milliseconds(s.ack.p99_ms)}` : 'none in the last 10 s'),
      {
        label: 'Time from an edit to its being on disk',
        series: [
          { name: 'Half of all', ink: 1, value: (p) => p.ack_p50_ms },
          { name: '99 of 100', ink: 2, value: (p) => p.ack_p99_ms },
        ],
        format: milliseconds,
        floor: 10,
      },
      (s) => (s.ack.p99_ms ?? 0) > 1000,
    ),
    tile(
      'Waiting for the disk',
      (s) => milliseconds(s.journal.lag_ms),
      (s) => `${number(s.journal.lag_updates)} edits, ${bytes(s.journal.bytes)} written so far`,
      { label: 'Journal lag', series: [{ name: 'lag', ink: 1, value: (p) => p.lag_ms }], format: milliseconds, floor: 50 },
      (s) => s.journal.lag_ms > 2000,
    ),
    tile(
      'Drafts written',
      (s) => (failing(s) ? `${failing(s)} failing` : number(s.writeback.ok_total)),
      (s) => `${failing(s) ? `${number(s.writeback.ok_total)} written, ` : ''}${number(s.writeback.pending)} to do, ${number(s.writeback.failed_total)} failures so far`,
      undefined,
      (s) => failing(s) > 0,
    ),
    tile(
      'Traffic',
      (s) => `${bytes(s.rates.bytes_out_per_s)}/s`,
      (s) => `out, ${bytes(s.rates.bytes_in_per_s)}/s in`,
    ),
    tile(
      'Memory',
      (s) => bytes(s.memory.heap_bytes),
      (s) => `of ${bytes(s.memory.sys_bytes)}, ${number(s.memory.goroutines)} goroutines`,
      { label: 'Memory in use', series: [{ name: 'memory', ink: 1, value: (p) => p.heap_bytes ?? null }], format: (v) => (v === null ? '–' : bytes(v)), floor: 10 << 20, unit: 1 << 20 },
    ),
    closesTile(),
  ]
  const rooms = roomsTable()

  const element = h(
    'main',
    { id: 'main', class: 'dashboard', tabindex: -1 },
    h('h1', {}, 'Realtime, live'),
    stale,
    h('div', { class: 'summary' }, status, reasons, facts),
    h(
      'div',
      { class: 'tiles' },
      ...tiles.slice(0, 4).map((t) => t.element),
      h('div', { class: 'stack' }, ...tiles.slice(4, 6).map((t) => t.element)),
      ...tiles.slice(6).map((t) => t.element),
    ),
    rooms.element,
  )

  return {
    element,
    update(stats, points) {
      stale.hidden = true
      element.classList.remove('is-stale')
      setText(status, statusNames[stats.status] ?? stats.status)
      status.className = `status is-${stats.status}`
      reasons.replaceChildren(...(stats.reasons ?? []).map((reason) => h('li', {}, reason)))
      const up = duration(Date.parse(stats.now) - Date.parse(stats.started_at))
      setText(facts, [stats.node, stats.version, `up ${up}`].filter(Boolean).join(' · '))
      for (const t of tiles) t.update(stats, points)
      rooms.update(stats, points)
    },
    stale(text) {
      stale.hidden = false
      element.classList.add('is-stale')
      setText(stale, text)
    },
  }
}
