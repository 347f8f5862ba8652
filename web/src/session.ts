import { Api, ApiError, loadDemoUsers, type Config, type DemoUser, type User } from './api'

export interface Session {
  user: User
  token: string
  api: Api
}

// One session a tab, so that two tabs can be two people.
const key = 'civicpress-token'
const storage = {
  get: () => sessionStorage.getItem(key) ?? '',
  set: (token: string) => sessionStorage.setItem(key, token),
  clear: () => sessionStorage.removeItem(key),
}

export const mayEdit = (user: User) => user.permissions.includes('*') || user.permissions.includes('records:edit')

/** Signs in with a token and remembers it for this tab. */
export async function open(config: Config, token: string): Promise<Session> {
  const api = new Api(config.api, token)
  const user = await api.me()
  storage.set(token)
  return { user: { ...user, name: user.name || user.username, permissions: user.permissions ?? [] }, token, api }
}

export async function signIn(config: Config, username: string, password: string): Promise<Session> {
  return open(config, await new Api(config.api).login(username, password))
}

export function signOut(session: Session, config: Config): void {
  storage.clear()
  if (!config.demo) void session.api.logout().catch(() => {}) // the demo's tokens are for everybody to use again
}

export function forget(): void {
  storage.clear()
}

let demo: Promise<Record<string, DemoUser>> | undefined

/** The users of the demo; none on a real server. */
export const demoUsers = (config: Config): Promise<Record<string, DemoUser>> =>
  config.demo ? (demo ??= loadDemoUsers()) : Promise.resolve({})

/** The session this tab has: the demo user named by `?as=`, or the one it had before. Null means: ask. */
export async function resume(config: Config): Promise<Session | null> {
  const as = new URLSearchParams(location.search).get('as')
  const token = (as && (await demoUsers(config))[as]?.token) || storage.get()
  if (!token) return null
  try {
    return await open(config, token)
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) {
      storage.clear()
      return null
    }
    throw error
  }
}
