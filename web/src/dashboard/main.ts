import '../styles/base.css'
import '../styles/pages.css'
import '../styles/dashboard.css'
import { ApiError, loadConfig } from '../api'
import { h } from '../dom'
import { bar, message } from '../pages/frame'
import { loginPage } from '../pages/login'
import { forget, resume, signOut, type Session } from '../session'
import { extend, type Point, type Stats } from './stats'
import { dashboardView } from './view'

const app = document.getElementById('app') as HTMLElement
const config = await loadConfig()
const everyMs = 1000
const overlap = 10 // points asked for again, so that a late answer leaves no gap

let stop: (() => void) | undefined

function show(session: Session | null, content: HTMLElement): void {
  const out = () => {
    if (session) signOut(session, config)
    askWho()
  }
  app.replaceChildren(h('div', { class: 'page' }, bar(session, out, undefined, true), content))
}

function askWho(notice = ''): void {
  stop?.()
  show(null, loginPage(config, watch, notice))
}

function refused(session: Session): void {
  const other = h('button', { type: 'button', class: 'button', onclick: () => (forget(), askWho()) }, 'Sign in as somebody else')
  show(session, message('For administrators', 'These figures name who works on what, so they are shown to administrators only.', other))
}

/** Asks for the figures once a second while anybody looks. */
function watch(session: Session): void {
  stop?.()
  const view = dashboardView()
  let points: Point[] = []
  let answered = Date.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const ending = new AbortController()
  stop = () => {
    clearTimeout(timer)
    ending.abort()
  }

  async function ask(): Promise<void> {
    try {
      const limit = AbortSignal.any([ending.signal, AbortSignal.timeout(5000)])
      const stats = await session.api.stats<Stats>(points.length === 0 ? 'all' : overlap, limit)
      answered = Date.now()
      points = extend(points, stats)
      if (!view.element.isConnected) show(session, view.element)
      view.update(stats, points)
    } catch (error) {
      if (ending.signal.aborted) return
      if (error instanceof ApiError && error.status === 401) return (forget(), askWho('Your session has ended. Sign in again.'))
      if (error instanceof ApiError && error.status === 403) return refused(session)
      if (!view.element.isConnected) show(session, view.element)
      const seconds = Math.round((Date.now() - answered) / 1000)
      view.stale(`No answer for ${seconds} s; the figures below are old. ${error instanceof ApiError ? error.message : ''}`)
    }
    if (!document.hidden) timer = setTimeout(ask, everyMs)
    else document.addEventListener('visibilitychange', () => void ask(), { once: true, signal: ending.signal })
  }
  void ask()
}

try {
  const session = await resume(config)
  if (session) watch(session)
  else askWho()
} catch (error) {
  show(null, message('No answer', `The server could not be asked: ${error instanceof Error ? error.message : error}`))
}
