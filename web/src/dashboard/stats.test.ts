import { expect, test } from 'vitest'
import { extend, type Point, type Stats } from './stats'

const at = (second: number) => new Date(second * 1000).toISOString()
const point = (second: number): Point => ({ at: at(second), updates_per_s: 1, connections: 1, ack_p50_ms: null, ack_p99_ms: null, lag_ms: 0 })
const stats = (second: number, history?: Point[]): Stats => ({
  now: at(second),
  started_at: at(0),
  status: 'healthy',
  connections: { open: 2, opened_total: 2, refused_total: 0 },
  rooms_open: 0,
  rooms: [],
  rates: { updates_per_s: 3, frames_in_per_s: 0, frames_out_per_s: 0, bytes_in_per_s: 0, bytes_out_per_s: 0 },
  ack: { p50_ms: 4, p99_ms: 9, samples: 1 },
  closes: {},
  writeback: { ok_total: 0, failed_total: 0, pending: 0 },
  journal: { lag_updates: 0, lag_ms: 0, bytes: 0 },
  memory: { heap_bytes: 0, sys_bytes: 0, goroutines: 0 },
  history,
})

test('the points are the server’s', () => {
  const points = extend([], stats(1002, [point(1000), point(1001)]))
  expect(points).toEqual([point(1000), point(1001)])
  expect(extend(points, stats(1003, [point(1001), point(1002)]))).toEqual([point(1000), point(1001), point(1002)])
  expect(extend(points, stats(1003, [point(1001)]))).toHaveLength(2)
})

test('without a history the page makes them', () => {
  const points = extend([], stats(1002))
  expect(points).toMatchObject([{ at: at(1002), updates_per_s: 3, connections: 2, ack_p99_ms: 9 }])
  expect(extend(points, stats(1002))).toHaveLength(1)
})

test('silence leaves a gap and old points go', () => {
  const points = extend([point(1000)], stats(1020))
  expect(points.map((p) => p.connections)).toEqual([1, null, 2])
  expect(extend(points, stats(5000)).map((p) => p.at)).toEqual([at(5000)])
})
