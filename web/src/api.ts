export interface Config {
  realtime: string
  api: string
  demo: boolean
}

export interface User {
  id: number
  username: string
  name: string
  role: string
  permissions: string[]
}

export interface RecordSummary {
  id: string
  title: string
  type: string
  status?: string
  author?: string
  updated_at?: string
  isDraft?: boolean
  hasUnpublishedChanges?: boolean
}

export interface DemoUser {
  id: number
  name: string
  role: string
  token: string
}

/** An answer that is no success, in the server's words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** Where the server is: told by it, or the origin of the page. */
export async function loadConfig(): Promise<Config> {
  const own: Config = { realtime: location.origin.replace(/^http/, 'ws'), api: location.origin, demo: false }
  try {
    const response = await fetch('/demo/config.json')
    return response.ok ? { ...own, ...((await response.json()) as Partial<Config>) } : own
  } catch {
    return own
  }
}

export async function loadDemoUsers(): Promise<Record<string, DemoUser>> {
  const response = await fetch('/demo/users.json')
  return response.ok ? await response.json() : {}
}

const pageOfRecords = 500
const mostRecords = 5000

/** CivicPress's REST, as far as the pages use it. */
export class Api {
  constructor(
    private readonly base: string,
    private readonly token = '',
  ) {}

  async me(): Promise<User> {
    return (await this.#json<{ user: User }>('auth/me')).user
  }

  async login(username: string, password: string): Promise<string> {
    const { session } = await this.#json<{ session: { token: string } }>('auth/password', {
      method: 'POST',
      body: JSON.stringify({ username, password }),
    })
    return session.token
  }

  async logout(): Promise<void> {
    await this.#json('auth/logout', { method: 'POST' })
  }

  async records(): Promise<RecordSummary[]> {
    const all: RecordSummary[] = []
    let after = ''
    do {
      const page = await this.#json<{ records: RecordSummary[]; next?: string }>(`records?limit=${pageOfRecords}&after=${encodeURIComponent(after)}`)
      all.push(...page.records)
      after = page.next ?? ''
    } while (after && all.length < mostRecords)
    return all
  }

  record(id: string): Promise<RecordSummary> {
    return this.#json(`records/${encodeURIComponent(id)}`)
  }

  /** The record as its editors see it: the draft, where there is one. */
  draft(id: string): Promise<RecordSummary> {
    return this.#json(`records/${encodeURIComponent(id)}?edit=true`)
  }

  /** Has the server write the open room to the draft now. */
  writeDraft(id: string): Promise<{ snapshotCreated: boolean; writeBackFailed?: boolean }> {
    return this.#json(`records/${encodeURIComponent(id)}/snapshot`, { method: 'POST' })
  }

  /** The live document as Markdown, or null where the server has no such endpoint or room. */
  async markdown(id: string, signal: AbortSignal): Promise<string | null> {
    const response = await this.#fetch(`realtime/rooms/records:${encodeURIComponent(id)}/markdown`, { signal })
    if (response.status === 404) return null
    if (!response.ok) throw await failure(response)
    return response.text()
  }

  /** The figures of the dashboard, with all the history the server has or its newest points. */
  stats<T>(points: number | 'all', signal?: AbortSignal): Promise<T> {
    return this.#json(`realtime/stats${points === 'all' ? '' : `?history=${points}`}`, { signal })
  }

  #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.base}/api/v1/${path}`, {
      ...init,
      headers: {
        ...(init.body ? { 'Content-Type': 'application/json' } : {}),
        ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}),
      },
    })
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await this.#fetch(path, init)
    if (!response.ok) throw await failure(response)
    const answer = await response.json()
    return (answer && typeof answer === 'object' && 'data' in answer ? answer.data : answer) as T
  }
}

async function failure(response: Response): Promise<ApiError> {
  let message = `The server answered ${response.status}.`
  try {
    const answer = await response.json()
    message = answer.error?.message ?? answer.message ?? (typeof answer.error === 'string' ? answer.error : message)
  } catch {
    // not JSON: the status has to do
  }
  return new ApiError(response.status, message)
}
