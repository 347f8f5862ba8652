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
 * remove and that was chosen. Focus goes back to where it was.
 */
export function ask(title: string, fields: Field[], action: string, remove = ''): Promise<Record<string, string> | 'remove' | null> {
  return new Promise((resolve) => {
    const form = h(
      'form',
      { method: 'dialog' },
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
        remove && h('button', { type: 'button', class: 'button danger', onclick: () => dialog.close('remove') }, remove),
        h('span', { class: 'spacer' }),
        h('button', { type: 'button', class: 'button', onclick: () => dialog.close('') }, 'Cancel'),
        h('button', { type: 'submit', class: 'button primary', value: 'ok' }, action),
      ),
    )
    const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' }, form)
    dialog.addEventListener('close', () => {
      dialog.remove()
      if (dialog.returnValue === 'remove') resolve('remove')
      else if (dialog.returnValue !== 'ok') resolve(null)
      else resolve(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()])))
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}
