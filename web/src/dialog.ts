import { h } from './dom'

export interface Field {
  name: string
  label: string
  value?: string
  required?: boolean
  hint?: string
  type?: 'text' | 'number'
  min?: number
  max?: number
}

/**
 * Asks for a few values. Resolves to null when the user thinks better of it, and to "remove" when there is something to
 * remove and that was chosen.
 *
 * Whoever asks moves the focus on afterwards. It is taken from the element that has it beforehand: a dialog gives it back on
 * closing, and a browser that focuses an editor puts the caret at the start of the text. The answer comes before any further
 * key: what somebody types right after Enter goes where the caller moves the focus.
 */
export function ask(title: string, fields: Field[], action: string, remove = ''): Promise<Record<string, string> | 'remove' | null> {
  return new Promise((resolve) => {
    const form = h(
      'form',
      {
        onsubmit: (event: Event) => {
          event.preventDefault()
          close(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()])))
        },
      },
      h('h2', { id: 'dialog-title' }, title),
      ...fields.map((field) =>
        h(
          'label',
          { class: 'field' },
          h('span', {}, field.label),
          h('input', {
            name: field.name,
            type: field.type ?? 'text',
            value: field.value ?? '',
            required: field.required,
            min: field.min,
            max: field.max,
            autocomplete: 'off',
            spellcheck: 'false',
            placeholder: field.hint,
          }),
        ),
      ),
      h(
        'div',
        { class: 'dialog-actions' },
        remove && h('button', { type: 'button', class: 'button danger', onclick: () => close('remove') }, remove),
        h('span', { class: 'spacer' }),
        h('button', { type: 'button', class: 'button', onclick: () => close(null) }, 'Cancel'),
        h('button', { type: 'submit', class: 'button primary' }, action),
      ),
    )
    const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' }, form)
    function close(answer: Record<string, string> | 'remove' | null): void {
      dialog.close()
      dialog.remove()
      resolve(answer)
    }
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault()
      close(null)
    })
    document.body.append(dialog)
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    dialog.showModal()
  })
}
