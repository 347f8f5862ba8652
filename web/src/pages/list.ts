import type { RecordSummary } from '../api'
import { announce, h, setText } from '../dom'
import { icon } from '../icons'
import { mayEdit, type Session } from '../session'
import { bar, type Page } from './frame'

const shownAtOnce = 200

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

function date(text: string | undefined): string {
  // SQLite's own format has a space and no zone; it means UTC.
  const time = text && new Date(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? text.replace(' ', 'T') + 'Z' : text)
  return time && !Number.isNaN(time.getTime()) ? day.format(time) : ''
}

const words = (text: string) => text.replace(/[-_]/g, ' ').replace(/^./, (first) => first.toUpperCase())

function row(record: RecordSummary): HTMLElement {
  const draft = record.isDraft || record.hasUnpublishedChanges
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'record', href: `#/records/${encodeURIComponent(record.id)}` },
      h('span', { class: 'record-icon', 'aria-hidden': 'true' }, icon('doc') as Node),
      h('span', { class: 'record-main' }, h('span', { class: 'record-title' }, record.title || record.id), h('span', { class: 'record-id' }, record.id)),
      h(
        'span',
        { class: 'record-side' },
        h('span', { class: 'tag' }, words(record.type)),
        draft && h('span', { class: 'tag tag-draft' }, 'Draft'),
        h('time', { class: 'record-date' }, date(record.updated_at)),
      ),
    ),
  )
}

/** All records, with a field to find one. */
export async function listPage(session: Session, signOut: () => void): Promise<Page> {
  const records = (await session.api.records()).sort((a, b) => (a.title || a.id).localeCompare(b.title || b.id))
  const list = h('ul', { class: 'records' })
  const count = h('p', { class: 'count', id: 'count' })
  const find = h('input', {
    type: 'search',
    placeholder: 'Find by title, type or id',
    'aria-label': 'Find a record',
    'aria-describedby': 'count',
    oninput: () => show(true),
  })

  function show(tell: boolean): void {
    const terms = find.value.toLowerCase().split(/\s+/).filter(Boolean)
    const matching = records.filter((r) => terms.every((term) => `${r.title} ${r.type} ${r.id}`.toLowerCase().includes(term)))
    list.replaceChildren(...matching.slice(0, shownAtOnce).map(row))
    const text =
      matching.length > shownAtOnce
        ? `${matching.length} records, the first ${shownAtOnce} shown`
        : matching.length === 1
          ? '1 record'
          : `${matching.length} records`
    setText(count, text)
    if (tell) announce(text, 600)
  }
  show(false)

  return {
    title: 'Records',
    element: h(
      'div',
      { class: 'page' },
      bar(session, signOut),
      h(
        'main',
        { id: 'main', class: 'narrow', tabindex: -1 },
        h('h1', {}, 'Records'),
        h('p', { class: 'lead' }, mayEdit(session.user) ? 'Open a record to edit it together with others. What is written goes to its draft; publishing stays a decision of its own.' : 'Open a record to follow it while it is being edited.'),
        h('div', { class: 'find' }, icon('search') as Node, find, count),
        list,
      ),
    ),
  }
}
