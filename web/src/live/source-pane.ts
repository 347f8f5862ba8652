import { h, setText } from '../dom'
import { addedLines, changedStretch } from './lines'

export interface SourcePane {
  element: HTMLElement
  /** The document changed: fetch what it would be written as, soon. */
  touch(): void
  destroy(): void
}

const quiet = 250 // ms without a change before the text is fetched
const patience = 1000 // ms after which it is fetched although changes go on

/** Shows the record as the server would write it now, and marks the lines that were not so when the pane was opened. */
export function sourcePane(load: (signal: AbortSignal) => Promise<string | null>, action: HTMLElement): SourcePane {
  const status = h('span', { class: 'source-status' })
  const text = h('div', { class: 'source-text', tabindex: 0, role: 'region', 'aria-label': 'Markdown as it will be saved' })
  const element = h(
    'section',
    { class: 'source', 'aria-labelledby': 'source-title' },
    h('header', { class: 'source-head' }, h('h2', { id: 'source-title' }, 'Markdown as it will be saved'), action, status),
    text,
  )

  let base: string[] | null = null
  let lines: string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let due = 0
  let request: AbortController | null = null
  let again = false

  function show(markdown: string): void {
    const now = markdown.replace(/\n$/, '').split('\n')
    base ??= now
    const { start, endOld, endNew } = changedStretch(lines, now)
    for (let i = endOld - 1; i >= start; i--) text.children[i].remove()
    const fresh = document.createDocumentFragment()
    for (const line of now.slice(start, endNew)) fresh.append(h('div', { class: 'line' }, line || '\u200b'))
    text.insertBefore(fresh, text.children[start] ?? null)
    lines = now
    const added = addedLines(base, now)
    let count = 0
    added.forEach((is, i) => {
      if (is) count++
      text.children[i].classList.toggle('added', is)
    })
    const same = count === 0 && base.length === now.length
    setText(status, same ? 'No line changed' : count === 1 ? '1 line changed' : `${count} lines changed`)
    const first = text.children[start]
    if (start < endNew && document.activeElement !== text) first?.scrollIntoView({ block: 'nearest' })
  }

  async function refresh(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (request) {
      again = true
      return
    }
    due = 0
    request = new AbortController()
    try {
      const markdown = await load(request.signal)
      if (markdown === null) setText(status, 'Not available from this server')
      else show(markdown)
    } catch (error) {
      if (!request.signal.aborted) setText(status, error instanceof Error ? error.message : String(error))
    } finally {
      request = null
      if (again) {
        again = false
        touch()
      }
    }
  }

  function touch(): void {
    const now = performance.now()
    due ||= now + patience
    clearTimeout(timer)
    timer = setTimeout(refresh, Math.max(0, Math.min(quiet, due - now)))
  }

  return {
    element,
    touch,
    destroy() {
      clearTimeout(timer)
      again = false
      request?.abort()
    },
  }
}
