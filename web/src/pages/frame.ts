import { h } from '../dom'
import { icon, mark } from '../icons'
import type { Session } from '../session'
import { themeButton } from '../theme'

export interface Page {
  title: string
  element: HTMLElement
  destroy?(): void
}

/** The bar at the top of every page. */
export function bar(session: Session | null, signOut?: () => void, middle?: HTMLElement, dashboard = false): HTMLElement {
  const admin = session && (session.user.permissions.includes('*') || session.user.role === 'admin')
  return h(
    'header',
    { class: 'bar' },
    h('a', { class: 'brand', href: dashboard ? './' : '#/', 'aria-label': 'CivicPress, all records' }, mark() as Node, h('span', { class: 'brand-name' }, 'CivicPress')),
    h('div', { class: 'bar-middle' }, middle),
    admin && !dashboard && h('a', { class: 'icon-button', href: 'dashboard.html', title: 'Live dashboard', 'aria-label': 'Live dashboard' }, icon('pulse') as Node),
    themeButton(),
    session &&
      h(
        'div',
        { class: 'who' },
        h('span', { class: 'who-name' }, session.user.name),
        h('button', { type: 'button', class: 'link-button', onclick: signOut }, 'Sign out'),
      ),
  )
}

/** A page that says one thing. */
export function message(title: string, text: string, ...more: HTMLElement[]): HTMLElement {
  return h('main', { id: 'main', class: 'narrow', tabindex: -1 }, h('h1', {}, title), h('p', { class: 'lead' }, text), ...more)
}
