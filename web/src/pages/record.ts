import type { Editor } from '@tiptap/core'
import type { Config, RecordSummary } from '../api'
import { announce, h, setText } from '../dom'
import { createEditor } from '../editor/create'
import { toolbar } from '../editor/toolbar'
import { icon } from '../icons'
import { presenceList } from '../live/presence'
import { Room, type Connection } from '../live/room'
import type { SaveState } from '../live/saved'
import { sourcePane } from '../live/source-pane'
import { mayEdit, type Session } from '../session'
import { bar, type Page } from './frame'

const saveTexts: Record<SaveState, string> = {
  none: '',
  editing: 'Editing…',
  received: 'Received',
  saved: 'Saved',
}
const saveTitles: Record<SaveState, string> = {
  none: '',
  editing: 'Your last change is on its way to the server.',
  received: 'The server has your last change and is writing it to disk.',
  saved: 'All your changes are on the server’s disk.',
}

/** One record: its text in the editor, who else is there, and where the edits are. */
export async function recordPage(config: Config, session: Session, id: string, signOut: () => void): Promise<Page> {
  const record: RecordSummary = await (mayEdit(session.user) ? session.api.draft(id) : session.api.record(id))

  const saved = h('span', { class: 'state save-state', hidden: true })
  const link = h('span', { class: 'state link-state' })
  const access = h('span', { class: 'state access-state', hidden: true }, icon('lock') as Node, 'Read only')
  const notice = h('div', { class: 'notice', role: 'alert', hidden: true })
  const people = h('div', { class: 'people-place' })
  const paper = h('div', { class: 'paper', id: 'text' })
  const loading = h('div', { class: 'loading', role: 'status' }, 'Opening the record…')
  const writeButton = h('button', { type: 'button', class: 'button small', hidden: true, onclick: writeDraft }, 'Write draft now')
  const source = sourcePane((signal) => session.api.markdown(id, signal), writeButton)

  const panes = h('div', { class: 'panes' }, h('div', { class: 'sheet' }, loading, paper), source.element)
  const paneButton = h(
    'button',
    { type: 'button', class: 'button small', 'aria-expanded': 'true', onclick: togglePane },
    icon('pane') as Node,
    'Markdown',
  )
  const tools = toolbar(() => editor)

  let room: Room
  let editor: Editor | null = null
  let presence: { destroy(): void } | null = null
  let gone = false
  let lost = '' // the text of a window whose last edits the server did not take

  function showPane(shown: boolean): void {
    panes.classList.toggle('no-source', !shown)
    paneButton.setAttribute('aria-expanded', String(shown))
  }
  const wide = matchMedia('(min-width: 60rem)')
  showPane(wide.matches)

  function togglePane(): void {
    showPane(panes.classList.contains('no-source'))
    if (!wide.matches) scrollTo(0, 0) // the pane takes the place of the text; where one was there means nothing here
  }

  async function writeDraft(): Promise<void> {
    try {
      const { snapshotCreated, writeBackFailed } = await session.api.writeDraft(id)
      if (writeBackFailed) say('The text is on the server’s disk, but the draft could not be written. The server tries again by itself.')
      else if (!snapshotCreated) say('There is nothing to write: the server does not have this record open.')
      else announce('The draft has been written.')
    } catch (error) {
      say(`The draft could not be written: ${error instanceof Error ? error.message : error}`)
    }
  }

  function say(text: string, ...buttons: HTMLElement[]): void {
    notice.hidden = text === ''
    if (notice.dataset.text === text) return
    notice.dataset.text = text
    notice.replaceChildren(h('span', {}, text), ...buttons)
  }

  const button = (label: string, onclick: () => void) => h('button', { type: 'button', class: 'button small', onclick }, label)

  function sayWhy(text: string, way: 'reload' | 'sign in' | undefined): void {
    if (way === 'sign in') say(text, button('Sign in again', signOut))
    else if (way === 'reload') say(text, button('Load the record anew', () => restart('')))
    else say(text)
  }

  function showConnection({ phase, access: granted, closing, notice: words, failing }: Connection): void {
    const text = phase === 'online' ? 'Online' : closing ? closing.state : phase === 'connecting' ? 'Connecting…' : 'Offline'
    const offlineEdits = phase === 'offline' && room?.saves.atRisk && closing?.retry !== 'never'
    link.className = `state link-state is-${phase === 'online' ? 'online' : closing?.retry === 'never' ? 'stopped' : 'waiting'}`
    if (link.textContent !== text) {
      setText(link, text)
      announce(text, 800)
    }
    if (failing && phase === 'online') say('The server cannot write to its disk. Your changes are in its memory and in this window: leave the window open.')
    else if (phase === 'online') lost ? say(words, button('Copy the text this window had', copyLost)) : say(words)
    else sayWhy(closing?.text || (offlineEdits ? 'Offline. Your changes are kept in this window and sent when the connection is back.' : ''), closing?.way)
    const editable = granted === 'edit' && closing?.retry !== 'never'
    access.hidden = granted === 'edit'
    writeButton.hidden = granted !== 'edit'
    if (editor && editor.isEditable !== editable) editor.setEditable(editable)
    tools.update()
  }

  function showSaved(state: SaveState): void {
    saved.hidden = state === 'none'
    saved.className = `state save-state is-${state}`
    saved.title = saveTitles[state]
    setText(saved, saveTexts[state])
    if (state === 'saved') announce('All changes saved.', 2000)
    if (room && room.connection.phase === 'offline') showConnection(room.connection)
  }

  function start(granted: 'edit' | 'view', words = ''): void {
    const current: Room = new Room({
      realtime: config.realtime,
      recordId: id,
      token: session.token,
      access: granted,
      onConnection: (connection) => room === current && showConnection(words ? { ...connection, notice: connection.notice || words } : connection),
      onSaved: (state) => room === current && showSaved(state),
      onReload: (reason) => queueMicrotask(() => room === current && restart(reason)),
    })
    room = current
    const list = presenceList(room.provider.awareness)
    presence = list
    people.replaceChildren(list.element)
    current.connect()
    void current.ready.then(() => {
      if (gone || room !== current) return
      loading.hidden = true
      editor = createEditor({
        element: paper,
        room: current,
        user: session.user,
        editable: current.connection.access === 'edit',
        onChange: () => tools.update(),
      })
      tools.update()
      current.doc.on('update', source.touch)
      source.touch()
    })
  }

  function stop(): void {
    presence?.destroy()
    editor?.destroy()
    editor = null
    room.destroy()
  }

  async function copyLost(): Promise<void> {
    await navigator.clipboard.writeText(lost)
    announce('Copied.')
  }

  /** Takes the server's document in place of this window's, which must not be sent again. */
  function restart(reason: string): void {
    const granted = room.connection.access
    lost = room.saves.pending && editor ? editor.getText({ blockSeparator: '\n\n' }) : ''
    stop()
    paper.replaceChildren()
    loading.hidden = false
    showSaved('none')
    start(granted, reason)
  }

  const title = record.title || id
  const head = h(
    'div',
    { class: 'head' },
    h(
      'div',
      { class: 'record-head' },
      h('a', { class: 'icon-button back', href: '#/', 'aria-label': 'All records', title: 'All records' }, icon('back') as Node),
      h('h1', { title }, title),
      h('div', { class: 'states' }, access, link, saved, paneButton),
      notice,
    ),
    tools.element,
  )
  const element = h(
    'div',
    { class: 'page record-page' },
    bar(session, signOut, people),
    h(
      'main',
      { id: 'main', tabindex: -1 },
      head,
      panes,
    ),
  )
  // The head stays in sight, because it says whether the text is saved; the Markdown beside the text begins below it.
  const sized = new ResizeObserver(() => element.style.setProperty('--head-height', `${head.offsetHeight}px`))
  sized.observe(head)
  start(mayEdit(session.user) ? 'edit' : 'view')

  return {
    title,
    element,
    destroy() {
      gone = true
      sized.disconnect()
      source.destroy()
      stop()
    },
  }
}
