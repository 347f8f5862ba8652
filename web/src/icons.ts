import { svg } from './dom'

// Drawn on a 20 by 20 grid, stroked in the colour of the text around them.
const paths = {
  undo: 'M8 5 4 9l4 4M4 9h8a4 4 0 0 1 0 8h-2',
  redo: 'm12 5 4 4-4 4m4-4H8a4 4 0 0 0 0 8h2',
  code: 'm7 6-4 4 4 4m6-8 4 4-4 4',
  bullets: 'M8 5h9M8 10h9M8 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01',
  numbers: 'M9 5h8M9 10h8M9 15h8M3 4l1-.7V7M2.8 12.6c.3-1 2.2-.9 2 .2-.1.8-2 1.5-2 2.7h2.1',
  indent: 'M3 4h14M9 8h8M9 12h8M3 16h14M3 8l3 2-3 2',
  outdent: 'M3 4h14M9 8h8M9 12h8M3 16h14M6 8l-3 2 3 2',
  quote: 'M8 6c-3 .6-4.5 2.5-4.5 5.5V14H8v-4H5.5M16 6c-3 .6-4.5 2.5-4.5 5.5V14H16v-4h-2.5',
  rule: 'M3 10h14M6 5h8M6 15h8',
  link: 'M8.5 11.5a3 3 0 0 0 4.2 0l3-3a3 3 0 0 0-4.2-4.2l-.8.8m.8 3.4a3 3 0 0 0-4.2 0l-3 3a3 3 0 0 0 4.2 4.2l.8-.8',
  image: 'M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13 7.5h.01',
  codeblock: 'M3 4h14v12H3zM8 8l-2 2 2 2m4-4 2 2-2 2',
  table: 'M3 4h14v12H3zM3 8h14M3 12h14M8 4v12M12.5 4v12',
  rowAbove: 'M3 10h14v6H3zM10 2v5M7.5 4.5h5',
  rowBelow: 'M3 4h14v6H3zM10 13v5M7.5 15.5h5',
  columnLeft: 'M10 3h6v14h-6zM2 10h5M4.5 7.5v5',
  columnRight: 'M4 3h6v14H4zM13 10h5M15.5 7.5v5',
  rowDelete: 'M3 7h14v6H3zM7.5 16.5l5 2M12.5 16.5l-5 2',
  columnDelete: 'M7 3h6v10H7zM7.5 15l5 3.5M12.5 15l-5 3.5',
  tableDelete: 'M3 4h14v9H3zM3 8h14M10 4v9M7.5 15l5 4M12.5 15l-5 4',
  alignLeft: 'M3 5h14M3 10h8M3 15h11',
  alignCenter: 'M3 5h14M6 10h8M4.5 15h11',
  alignRight: 'M3 5h14M9 10h8M6 15h11',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
  pane: 'M3 4h14v12H3zM11 4v12M13.5 7.5h1.5M13.5 10.5h1.5',
  back: 'm12 5-5 5 5 5',
  check: 'm4 10.5 4 4 8-9',
  lock: 'M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  search: 'M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12.2 12.2 17 17',
  pulse: 'M2.5 10H6l2-5 4 10 2-5h3.5',
  doc: 'M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 10h5.5M7.5 13h5.5',
} as const

export type IconName = keyof typeof paths

/** A decorative icon; whoever carries it has the label. */
export function icon(name: IconName): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 20 20', width: 20, height: 20, class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: paths[name] }),
  )
}

/** The mark of the project: a town hall. */
export function mark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', width: 28, height: 28, class: 'mark', 'aria-hidden': 'true', focusable: 'false' },
    svg('rect', { width: 32, height: 32, rx: 7 }),
    svg('path', { d: 'M6 13 16 6l10 7v2H6zM9 17h3v7H9zm5.5 0h3v7h-3zm5.5 0h3v7h-3zM6 25h20v2H6z' }),
  )
}
