import type { Editor } from '@tiptap/core'
import { h } from '../dom'
import { icon } from '../icons'
import { groups, type Action } from './actions'

const mac = /Mac|iPhone|iPad/.test(navigator.platform)

function keysText(keys: string): string {
  const names: Record<string, string> = mac
    ? { Mod: '⌘', Alt: '⌥', Shift: '⇧' }
    : { Mod: 'Ctrl', Alt: 'Alt', Shift: 'Shift' }
  return keys
    .split('-')
    .map((part) => names[part] ?? part.toUpperCase())
    .join(mac ? '' : '+')
}

interface Button {
  action: Action
  element: HTMLButtonElement
}

/**
 * The toolbar: one stop of the Tab key, arrows inside (roving tabindex). Buttons that cannot be used stay reachable and say
 * so, because a control that vanishes under the focus loses the reader's place.
 */
export function toolbar(editor: () => Editor | null): { element: HTMLElement; update(): void } {
  const buttons: Button[] = []
  const sections: { element: HTMLElement; when?: (editor: Editor) => boolean }[] = []
  const element = h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Format', 'aria-controls': 'text' })

  for (const group of groups) {
    const section = h('div', { class: 'tool-group', role: 'group', 'aria-label': group.label, hidden: !!group.when })
    for (const action of group.actions) {
      const title = action.keys ? `${action.label} (${keysText(action.keys)})` : action.label
      const button = h(
        'button',
        {
          type: 'button',
          class: 'tool',
          tabindex: -1,
          title,
          'aria-label': action.label,
          'aria-pressed': action.active ? 'false' : undefined,
          'data-face': typeof action.face === 'string' ? action.face : undefined,
          onmousedown: (event: Event) => event.preventDefault(), // the caret stays where it is
          onclick: () => {
            const current = editor()
            if (current && button.getAttribute('aria-disabled') !== 'true') action.run(current)
          },
        },
        typeof action.face === 'string' ? action.face : icon(action.face.icon),
      )
      buttons.push({ action, element: button })
      section.append(button)
    }
    sections.push({ element: section, when: group.when })
    element.append(section)
  }

  const reachable = () => buttons.map((b) => b.element).filter((b) => !b.parentElement?.hidden)
  const makeStop = (button: HTMLButtonElement) => {
    for (const b of buttons) b.element.tabIndex = b.element === button ? 0 : -1
  }
  makeStop(buttons[0].element)

  element.addEventListener('keydown', (event) => {
    const all = reachable()
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (event.key === 'Escape') return void editor()?.commands.focus()
    if (to === undefined || at < 0) return
    event.preventDefault()
    const next = all[(to + all.length) % all.length]
    makeStop(next)
    next.focus()
  })
  element.addEventListener('focusin', (event) => {
    if (event.target instanceof HTMLButtonElement) makeStop(event.target)
  })

  function update(): void {
    const current = editor()
    const editable = current?.isEditable ?? false
    element.hidden = !editable
    if (!current || !editable) return
    for (const section of sections) section.element.hidden = section.when ? !section.when(current) : false
    for (const { action, element: button } of buttons) {
      if (button.parentElement?.hidden) continue
      const enabled = action.enabled?.(current) ?? true
      button.setAttribute('aria-disabled', String(!enabled))
      if (action.active) button.setAttribute('aria-pressed', String(action.active(current)))
    }
    const stop = buttons.find((b) => b.element.tabIndex === 0)
    if (!stop || stop.element.parentElement?.hidden) makeStop(reachable()[0])
  }

  return { element, update }
}
