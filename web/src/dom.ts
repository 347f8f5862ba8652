type Child = Node | string | null | undefined | false
type Props = Record<string, unknown>

/** Makes an element. Functions become listeners (`onclick`), `class`, `aria-*`, `data-*` and the like attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

const svgSpace = 'http://www.w3.org/2000/svg'

/** Makes an SVG element. */
export function svg(tag: string, props: Record<string, string | number> = {}, ...children: Node[]): SVGElement {
  const element = document.createElementNS(svgSpace, tag)
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

/** Sets the text of a node only if it differs, so that nothing is laid out or read out for no reason. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

let pending: ReturnType<typeof setTimeout> | undefined

/** Tells users of a screen reader something, once it has been true for a moment; a newer message replaces it. */
export function announce(message: string, afterMs = 300): void {
  clearTimeout(pending)
  pending = setTimeout(() => {
    const region = document.getElementById('announcer')
    if (region) setText(region, message)
  }, afterMs)
}
