import type { Awareness } from 'y-protocols/awareness'
import { colourOf } from '../editor/carets'
import { announce, h } from '../dom'

interface Person {
  key: string
  name: string
  colour: string
  self: boolean
  windows: number
}

function people(awareness: Awareness): Person[] {
  const found = new Map<string, Person>()
  for (const [client, state] of awareness.getStates()) {
    const user = state.user as { id?: unknown; name?: unknown; color?: unknown } | undefined
    if (!user?.name) continue
    const key = String(user.id ?? user.name)
    const self = client === awareness.clientID
    const known = found.get(key)
    if (known) {
      known.windows++
      known.self ||= self
      continue
    }
    const colour = /^#[0-9a-f]{6}$/i.test(String(user.color)) ? String(user.color) : colourOf(key)
    found.set(key, { key, name: String(user.name), colour, self, windows: 1 })
  }
  return [...found.values()].sort((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name))
}

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .filter((_, i, all) => i === 0 || i === all.length - 1)
    .join('')
    .toUpperCase()

const shown = 5

/** The row of people who have the record open, kept up to date. */
export function presenceList(awareness: Awareness): { element: HTMLElement; destroy(): void } {
  const list = h('ul', { class: 'people', 'aria-label': 'People in this record' })
  let before: Map<string, string> | null = null

  const badge = (person: Person) => {
    const label = person.name + (person.self ? ' (you)' : '') + (person.windows > 1 ? `, ${person.windows} windows` : '')
    const item = h('li', { class: person.self ? 'person self' : 'person', title: label }, h('span', { 'aria-hidden': 'true' }, initials(person.name)), h('span', { class: 'visually-hidden' }, label))
    item.style.setProperty('--person', person.colour)
    return item
  }

  const show = () => {
    const now = people(awareness)
    const rest = now.slice(shown)
    list.replaceChildren(
      ...now.slice(0, shown).map(badge),
      ...(rest.length
        ? [h('li', { class: 'person more', title: rest.map((p) => p.name).join(', ') }, `+${rest.length}`, h('span', { class: 'visually-hidden' }, ' more: ' + rest.map((p) => p.name).join(', ')))]
        : []),
    )
    const others = new Map(now.filter((p) => !p.self).map((p) => [p.key, p.name]))
    if (before) {
      const came = [...others].filter(([key]) => !before?.has(key)).map(([, name]) => `${name} joined.`)
      const went = [...before].filter(([key]) => !others.has(key)).map(([, name]) => `${name} left.`)
      if (came.length + went.length) announce([...came, ...went].join(' '))
    }
    before = others
  }

  awareness.on('change', show)
  show()
  return { element: list, destroy: () => awareness.off('change', show) }
}
