import { h, setText, svg } from '../dom'
import type { Point } from './stats'

export interface Series {
  name: string
  /** Which colour of the style sheet: 1 or 2. */
  ink: 1 | 2
  value(point: Point): number | null
}

export interface ChartOptions {
  label: string
  series: Series[]
  format(value: number | null): string
  /** Below this the scale does not shrink, so that noise does not look like drama. */
  floor: number
  /** In which steps the scale grows: 1, or 1 MB for bytes. */
  unit?: number
}

const width = 300
const height = 100

/** A round number not below the value: 1, 2 or 5 times a power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value * 0.999) ?? value
}

/**
 * A line chart of the last minutes. The drawing is stretched to the space there is; all text stands outside of it, so that
 * letters are never stretched. Pointing at it shows the values of that moment.
 */
export function chart(options: ChartOptions): { element: HTMLElement; update(points: readonly Point[]): void } {
  const areas = options.series.map((s) => svg('path', { class: `area ink-${s.ink}` }))
  const lines = options.series.map((s) => svg('path', { class: `stroke ink-${s.ink}` }))
  const pointer = svg('line', { class: 'pointer', y1: 0, y2: height, x1: -10, x2: -10 })
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', class: 'plot', role: 'img' },
    svg('path', { class: 'grid', d: `M0 ${height / 2}H${width}M0 .5H${width}M0 ${height - 0.5}H${width}` }),
    ...(options.series.length === 1 ? areas : []),
    ...lines,
    pointer,
  )
  const top = h('span', { class: 'scale scale-top' })
  const start = h('span')
  const readout = h('span', { class: 'readout' })
  const element = h(
    'div',
    { class: 'chart' },
    h('div', { class: 'plot-place', onpointermove: point, onpointerleave: () => point(null) }, drawing as Node, top),
    h('div', { class: 'axis', 'aria-hidden': 'true' }, start, readout, h('span', {}, 'now')),
  )

  let points: readonly Point[] = []
  let first = 0
  let span = 1

  function update(now: readonly Point[]): void {
    points = now
    if (points.length === 0) return
    first = Date.parse(points[0].at)
    span = Math.max(Date.parse(points[points.length - 1].at) - first, 1000)
    const values = points.flatMap((p) => options.series.map((s) => s.value(p) ?? 0))
    const unit = options.unit ?? 1
    const max = roundUp(Math.max(options.floor, ...values) / unit) * unit
    options.series.forEach((series, i) => {
      const runs = runsOf(points, series, (p) => ((Date.parse(p.at) - first) / span) * width, (v) => height - (v / max) * height)
      lines[i].setAttribute('d', runs.map((run) => 'M' + run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')).join(''))
      areas[i].setAttribute(
        'd',
        runs.map((run) => `M${run[0][0].toFixed(1)} ${height}` + run.map(([x, y]) => `L${x.toFixed(1)} ${y.toFixed(1)}`).join('') + `V${height}Z`).join(''),
      )
    })
    setText(top, options.format(max))
    setText(start, span > 90_000 ? `${Math.round(span / 60_000)} min ago` : `${Math.round(span / 1000)} s ago`)
    const last = points[points.length - 1]
    drawing.setAttribute('aria-label', `${options.label}: ${options.series.map((s) => `${s.name} ${options.format(s.value(last))}`).join(', ')} now`)
  }

  function point(event: PointerEvent | null): void {
    if (!event || points.length === 0) {
      pointer.setAttribute('x1', '-10')
      pointer.setAttribute('x2', '-10')
      return setText(readout, '')
    }
    const box = drawing.getBoundingClientRect()
    const time = first + ((event.clientX - box.left) / box.width) * span
    const near = points.reduce((a, b) => (Math.abs(Date.parse(b.at) - time) < Math.abs(Date.parse(a.at) - time) ? b : a))
    const x = String(((Date.parse(near.at) - first) / span) * width)
    pointer.setAttribute('x1', x)
    pointer.setAttribute('x2', x)
    setText(readout, `${new Date(near.at).toLocaleTimeString()}  ${options.series.map((s) => options.format(s.value(near))).join(' / ')}`)
  }

  return { element, update }
}

/** The stretches of points that have a value: a line must not bridge a time nobody measured. */
function runsOf(points: readonly Point[], series: Series, x: (p: Point) => number, y: (value: number) => number): [number, number][][] {
  const runs: [number, number][][] = []
  let run: [number, number][] | null = null
  for (const p of points) {
    const value = series.value(p)
    if (value === null || value === undefined) run = null
    else {
      if (!run) runs.push((run = []))
      run.push([x(p), y(value)])
    }
  }
  return runs
}
