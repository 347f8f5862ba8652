import { ApiError, type Config } from '../api'
import { h } from '../dom'
import { demoUsers, open, signIn, type Session } from '../session'

const roles: Record<string, string> = {
  clerk: 'Clerk, may edit',
  public: 'Public, may read',
  admin: 'Administrator',
}

/** Asks who is there: a name from the demo's list, or user name and password. */
export function loginPage(config: Config, done: (session: Session) => void, notice = ''): HTMLElement {
  const problem = h('p', { class: 'problem', role: 'alert' }, notice)
  const attempt = async (start: () => Promise<Session>) => {
    problem.textContent = ''
    try {
      done(await start())
    } catch (error) {
      problem.textContent =
        error instanceof ApiError && error.status === 401 ? 'User name or password is not right.' : error instanceof Error ? error.message : String(error)
    }
  }

  const form = h(
    'form',
    {
      class: 'card login',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault()
        const data = new FormData(event.target as HTMLFormElement)
        void attempt(() => signIn(config, String(data.get('username')), String(data.get('password'))))
      },
    },
    h('label', { class: 'field' }, h('span', {}, 'User name'), h('input', { name: 'username', required: true, autocomplete: 'username', autocapitalize: 'off', spellcheck: 'false' })),
    h('label', { class: 'field' }, h('span', {}, 'Password'), h('input', { name: 'password', type: 'password', required: true, autocomplete: 'current-password' })),
    h('button', { type: 'submit', class: 'button primary' }, 'Sign in'),
  )

  const demo = h('div')
  void demoUsers(config).then((users) => {
    const entries = Object.entries(users)
    if (entries.length === 0) return
    demo.append(
      h('p', { class: 'lead' }, 'This is a demo. Pick somebody to be; open a second window to be somebody else.'),
      h(
        'ul',
        { class: 'choices' },
        ...entries.map(([, user]) =>
          h(
            'li',
            {},
            h(
              'button',
              { type: 'button', class: 'choice', onclick: () => attempt(() => open(config, user.token)) },
              h('strong', {}, user.name),
              h('span', {}, roles[user.role] ?? user.role),
            ),
          ),
        ),
      ),
      h('h2', { class: 'or' }, 'Or with a password'),
    )
  })

  return h('main', { id: 'main', class: 'narrow', tabindex: -1 }, h('h1', {}, 'Sign in'), demo, problem, form)
}
