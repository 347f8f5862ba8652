/** Colours for people: dark enough for white text on them, apart enough to be told apart. */
const palette = [
  '#b42318', '#0b6e4f', '#1d4ed8', '#7a3e9d', '#a15c00', '#0e7490', '#be185d', '#4d7c0f',
  '#5b5bd6', '#9a3412', '#047857', '#86198f', '#1e40af', '#92400e', '#0f766e', '#9f1239',
]

/** The same person gets the same colour in every window. */
export function colourOf(userId: string): string {
  let hash = 0
  for (const unit of userId) hash = (Math.imul(hash, 31) + unit.charCodeAt(0)) >>> 0
  return palette[hash % palette.length]
}

/** Somebody's caret, with the name above it. */
export function renderCaret(user: Record<string, unknown>): HTMLElement {
  const name = String(user.name || 'Somebody')
  const colour = String(user.color)
  const caret = document.createElement('span')
  caret.className = 'caret'
  caret.style.borderColor = colour
  caret.style.setProperty('--caret', colour)
  const label = document.createElement('span')
  label.className = 'caret-name'
  label.dataset.name = name // shown by the style sheet: a caret must not add text to the paragraph
  label.setAttribute('aria-hidden', 'true')
  caret.append('⁠', label, '⁠') // word joiners: the line must not break at a caret
  return caret
}
