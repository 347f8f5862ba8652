import { h } from './dom'
import { icon } from './icons'

type Theme = 'light' | 'dark'

function current(): Theme {
  const chosen = document.documentElement.dataset.theme
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** The button that switches between light and dark and remembers the choice. */
export function themeButton(): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'icon-button', onclick: toggle })
  const show = () => {
    const next = current() === 'dark' ? 'light' : 'dark'
    button.replaceChildren(icon(next === 'dark' ? 'moon' : 'sun'))
    button.setAttribute('aria-label', `Switch to ${next} colours`)
    button.title = `Switch to ${next} colours`
  }
  function toggle() {
    const next: Theme = current() === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    try {
      localStorage.setItem('theme', next)
    } catch {
      // storage is off: the choice lasts as long as the page
    }
    show()
  }
  show()
  return button
}
