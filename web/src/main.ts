import './styles/base.css'
import './styles/pages.css'
import './styles/editor.css'
import { ApiError, loadConfig } from './api'
import { h } from './dom'
import { bar, message, type Page } from './pages/frame'
import { listPage } from './pages/list'
import { loginPage } from './pages/login'
import { recordPage } from './pages/record'
import { forget, resume, signOut as endSession, type Session } from './session'

const app = document.getElementById('app') as HTMLElement
const config = await loadConfig()
let session: Session | null = null
let page: Page | null = null
let visit = 0

function show(next: Page): void {
  page?.destroy?.()
  page = next
  document.title = `${next.title} · CivicPress`
  app.replaceChildren(next.element)
}

function showLogin(notice = ''): void {
  const done = (opened: Session) => {
    session = opened
    void route()
  }
  show({ title: 'Sign in', element: h('div', { class: 'page' }, bar(null), loginPage(config, done, notice)) })
}

function signOut(): void {
  if (session) endSession(session, config)
  session = null
  const url = new URL(location.href)
  url.searchParams.delete('as') // otherwise the next visit signs in again
  url.hash = '#/'
  history.replaceState(null, '', url)
  showLogin()
}

function failed(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) {
    forget()
    session = null
    return showLogin('Your session has ended. Sign in again to go on.')
  }
  const missing = error instanceof ApiError && (error.status === 404 || error.status === 403)
  const text = missing
    ? 'This record does not exist, or you have no right to see it.'
    : `The server could not be asked: ${error instanceof Error ? error.message : error}`
  const again = h('p', {}, missing ? h('a', { href: '#/' }, 'All records') : h('button', { type: 'button', class: 'button', onclick: () => void route() }, 'Try again'))
  show({
    title: missing ? 'Not found' : 'No answer',
    element: h('div', { class: 'page' }, bar(session, signOut), message(missing ? 'No such record' : 'No answer', text, again)),
  })
}

async function route(): Promise<void> {
  const mine = ++visit
  try {
    if (location.hash === '#/admin') return location.replace('dashboard.html' + location.search)
    session ??= await resume(config)
    if (mine !== visit) return
    if (!session) return showLogin()
    const [, kind, id] = location.hash.split('/')
    const next = kind === 'records' && id ? await recordPage(config, session, decodeURIComponent(id), signOut) : await listPage(session, signOut)
    if (mine !== visit) next.destroy?.()
    else show(next)
  } catch (error) {
    if (mine === visit) failed(error)
  }
}

addEventListener('hashchange', () => {
  void route().then(() => document.getElementById('main')?.focus({ preventScroll: true }))
})
// A link in the page may not navigate by hash alone: the skip link only moves the focus.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault()
  document.getElementById('main')?.focus()
})
await route()
