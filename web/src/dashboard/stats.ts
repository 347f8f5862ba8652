/** What `GET /api/v1/realtime/stats` answers; the README beside the pages explains each figure. */
export interface Stats {
  now: string
  started_at: string
  version?: string
  node?: string
  status: 'healthy' | 'degraded' | 'unhealthy'
  reasons?: string[] | null
  connections: { open: number; limit?: number; opened_total: number; refused_total: number }
  rooms_open: number
  rooms_limit?: number
  rooms: RoomStats[] | null
  rates: {
    updates_per_s: number
    frames_in_per_s: number
    frames_out_per_s: number
    bytes_in_per_s: number
    bytes_out_per_s: number
  }
  ack: { p50_ms: number | null; p99_ms: number | null; samples: number }
  closes: Record<string, number> | null
  writeback: { ok_total: number; failed_total: number; pending: number }
  journal: { lag_updates: number; lag_ms: number; bytes: number }
  memory: { heap_bytes: number; sys_bytes: number; goroutines: number }
  history?: Point[] | null
}

export interface RoomStats {
  id: string
  clients: number
  users: string[] | null
  /** Who of the users did nothing for a minute, and since when. */
  idle?: Record<string, string> | null
  updates_per_s: number
  bytes: number
  seq: number
  saved_seq: number
  last_snapshot_at: string | null
  writeback_error?: string | null
}

/** One second of the past, as far as the charts show it. */
export interface Point {
  at: string
  updates_per_s: number | null
  connections: number | null
  ack_p50_ms: number | null
  ack_p99_ms: number | null
  lag_ms: number | null
  heap_bytes?: number | null
}

const kept = 300
const gapMs = 5000

function pointOf(stats: Stats): Point {
  return {
    at: stats.now,
    updates_per_s: stats.rates.updates_per_s,
    connections: stats.connections.open,
    ack_p50_ms: stats.ack.p50_ms,
    ack_p99_ms: stats.ack.p99_ms,
    lag_ms: stats.journal.lag_ms,
    heap_bytes: stats.memory.heap_bytes,
  }
}

/** Adds what an answer brings to the points already there. A stretch without answers stays visible as a gap. */
export function extend(points: readonly Point[], stats: Stats): Point[] {
  const last = points.at(-1)
  const since = last ? Date.parse(last.at) : -Infinity
  // The server samples each second, also when nobody looks; only one that keeps no history leaves it to the page.
  const fresh = (stats.history?.length ? stats.history : [pointOf(stats)]).filter((p) => Date.parse(p.at) > since)
  const first = fresh[0]
  if (last && first && Date.parse(first.at) - since > gapMs) {
    const nothing = { updates_per_s: null, connections: null, ack_p50_ms: null, ack_p99_ms: null, lag_ms: null }
    fresh.unshift({ at: new Date(since + 1000).toISOString(), ...nothing })
  }
  const newest = Date.parse(fresh.at(-1)?.at ?? last?.at ?? '')
  return [...points, ...fresh].filter((p) => Date.parse(p.at) > newest - kept * 1000)
}
