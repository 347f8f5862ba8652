// What people do in the pages, driven in a real browser. The Go test starts
//
//   node scenarios.mjs NAME      with one JSON object on stdin: {"editor", "chromium", "shots", …}
//
// and reads JSON lines on stdout: {"ask":"…"} lets it do something meanwhile (it answers with a line on stdin),
// {"result":{…}} ends well, {"error":"…"} does not. Whatever a page writes to its console as a warning or an error is an error.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'
import { troubles } from './troubles.mjs'

const limit = 20_000
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const options = JSON.parse((await lines.next()).value)

/** Has the Go test do something and waits until it is done. */
async function ask (what) {
  say({ ask: what })
  const { value } = await lines.next()
  return JSON.parse(value)
}

function check (right, message) {
  if (!right) throw new Error(message)
}

const browser = await chromium.launch({
  executablePath: options.chromium,
  headless: true,
  args: [...(options.trust_key ? [`--ignore-certificate-errors-spki-list=${options.trust_key}`] : []), '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
})
const noise = []

/** A window of its own, as on another computer. */
async function open (as, { path = '/', hash = '', width = 1280, height = 800, theme = 'light', quiet = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' })
  context.setDefaultTimeout(limit)
  const page = await context.newPage()
  const hear = (text) => quiet && noise.push(`${as || 'nobody'} at ${path}${hash}: ${text}`)
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && hear(`${message.text()} ${message.location().url ?? ''}`))
  page.on('pageerror', (error) => hear(error.stack))
  page.on('requestfailed', (request) => !/ERR_ABORTED/.test(request.failure()?.errorText) && hear(`${request.url()} ${request.failure()?.errorText}`))
  await page.goto(options.editor.replace(/\/$/, '') + path + (as ? `?as=${as}` : '') + hash)
  return page
}

async function openRecord (as, record = options.record, more = {}) {
  const page = await open(as, { hash: `#/records/${record}`, ...more })
  await page.locator('.prose').waitFor()
  await page.locator('.link-state', { hasText: 'Online' }).waitFor()
  return page
}

/** The paragraph with exactly this text. */
async function paragraph (page, text) {
  const found = page.locator('.prose > p')
  const all = await found.evaluateAll((paragraphs) =>
    paragraphs.map((p) => {
      const copy = p.cloneNode(true)
      for (const caret of copy.querySelectorAll('.caret')) caret.remove()
      return copy.textContent
    }))
  const at = all.indexOf(text)
  check(at >= 0, `no paragraph reads ${JSON.stringify(text)}; there are ${JSON.stringify(all.slice(0, 8))}`)
  return found.nth(at)
}

/** Puts the caret into a paragraph, before its nth character. */
async function caret (place, at) {
  await place.click()
  await place.evaluate((element, offset) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest('.caret')) continue
      if (offset <= node.length) return getSelection().collapse(node, offset)
      offset -= node.length
    }
  }, at)
  await place.page().waitForTimeout(50) // the editor hears of a selection by an event of the browser
}

/** The text of the record as its reader sees it, without other people's carets. */
const textOf = (page) =>
  page.locator('.prose').evaluate((prose) => {
    const copy = prose.cloneNode(true)
    for (const caret of copy.querySelectorAll('.caret')) caret.remove()
    return [...copy.children].map((block) => block.innerHTML)
  })

/** Waits until a page reports that everything is on the server's disk. */
const saved = (page) => page.locator('.save-state', { hasText: 'Saved' }).waitFor()

async function until (what, is, ms = limit) {
  const end = Date.now() + ms
  for (;;) {
    if (await is()) return
    check(Date.now() < end, `not in ${ms / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}

const markdownOf = (page) => page.locator('.source-text .line').allTextContents().then((all) => all.map((line) => line.replace(/^\u200b$/, '')).join('\n'))

async function fits (page, what) {
  const { wide, room } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth }))
  check(wide <= room, `${what} is ${wide} pixels wide where there are ${room}`)
}

const scenarios = {
  /** Two clerks type into the same paragraph at once. */
  async 'two clerks' () {
    const [alice, bob] = await Promise.all([openRecord('alice'), openRecord('bob')])
    const [here, there] = [await paragraph(alice, options.text), await paragraph(bob, options.text)]
    const middle = Math.floor(options.text.length / 2)
    await Promise.all([caret(here, 4), caret(there, middle)])
    await Promise.all([
      alice.keyboard.type('Alice was writing here at the same time. ', { delay: 35 }),
      bob.keyboard.type('Bob did not wait for her to be done. ', { delay: 35 })
    ])
    await alice.keyboard.press('Control+b')
    await alice.keyboard.type('firmly', { delay: 20 })
    await alice.keyboard.press('Control+b')
    await Promise.all([saved(alice), saved(bob)])
    await until('both pages show the same text', async () => JSON.stringify(await textOf(alice)) === JSON.stringify(await textOf(bob)))

    // Each sees the other: as a caret with a name in the text, and among the people.
    for (const [page, other] of [[alice, options.names.bob], [bob, options.names.alice]]) {
      await page.locator(`.caret-name[data-name="${other}"]`).waitFor({ state: 'attached' })
      await page.locator('.people li', { hasText: other }).waitFor()
    }
    const paragraphs = (await textOf(alice)).filter((html) => html.includes('Alice was writing'))
    check(paragraphs.length === 1, `the paragraph is there ${paragraphs.length} times`)
    const line = paragraphs[0].replace(/<\/?strong>/g, '**').replaceAll('&nbsp;', ' ')
    await until('the Markdown pane shows the paragraph', async () => (await markdownOf(alice)).split('\n').includes(line))
    const markdown = await markdownOf(alice)
    const changed = await alice.locator('.line.added').count()
    await alice.getByRole('button', { name: 'Write draft now' }).click()
    await alice.locator('#announcer', { hasText: 'The draft has been written.' }).waitFor({ state: 'attached' })
    await alice.screenshot({ path: `${options.shots}/two-clerks.png` })
    return { line, markdown, changed }
  },

  /** Two people on a real site: own browsers, TLS, passwords; no list of users to choose from. */
  async 'through the proxy' () {
    const sockets = []
    const enter = async (username, theme) => {
      const page = await open('', { theme })
      page.on('websocket', (socket) => sockets.push(socket.url()))
      await page.getByLabel('User name').fill(username)
      await page.getByLabel('Password').fill(options.passwords[username])
      await page.keyboard.press('Enter')
      await page.locator('.record').first().waitFor()
      await page.goto(`${page.url().replace(/#.*/, '')}#/records/${options.record}`)
      await page.locator('.prose').waitFor()
      await page.locator('.link-state', { hasText: 'Online' }).waitFor()
      return page
    }
    const [alice, bob] = await Promise.all([enter('alice', 'light'), enter('bob', 'dark')])
    const [here, there] = [await paragraph(alice, options.text), await paragraph(bob, options.text)]
    await Promise.all([caret(here, 0), caret(there, Math.floor(options.text.length / 2))])
    await Promise.all([
      alice.keyboard.type('Alice types over TLS. ', { delay: 35 }),
      bob.keyboard.type('Bob does as well. ', { delay: 35 })
    ])
    await Promise.all([saved(alice), saved(bob)])
    await until('both pages show the same text', async () => JSON.stringify(await textOf(alice)) === JSON.stringify(await textOf(bob)))
    const paragraphs = (await textOf(bob)).filter((html) => html.includes('Alice types over TLS. ') && html.includes('Bob does as well. '))
    check(paragraphs.length === 1, `the paragraph with both people’s words is there ${paragraphs.length} times`)
    await bob.getByRole('button', { name: 'Write draft now' }).click()
    await bob.locator('#announcer', { hasText: 'The draft has been written.' }).waitFor({ state: 'attached' })
    await alice.screenshot({ path: `${options.shots}/proxy-light.png` })
    await bob.screenshot({ path: `${options.shots}/proxy-dark.png` })
    return { line: paragraphs[0].replaceAll('&nbsp;', ' '), sockets }
  },

  /** Opening a record and clicking around in it is no edit, whatever the record holds. */
  async 'look around' () {
    const shown = {}
    for (const record of options.records) {
      const page = await openRecord('alice', record)
      await page.locator('.source-text .line').first().waitFor({ state: 'attached' })
      await page.locator('.prose > :first-child').click()
      await page.keyboard.press('Control+End')
      await page.locator('h1').first().click()
      check(await page.locator('.save-state').isHidden(), `opening ${record} was an edit: ${await page.locator('.save-state').textContent()}`)
      shown[record] = await markdownOf(page)
      await page.context().close()
    }
    return { shown }
  },

  /** Somebody who may only read follows, and changes nothing. */
  async viewer () {
    const [alice, carol] = await Promise.all([openRecord('alice'), openRecord('carol')])
    await carol.locator('.access-state').waitFor()
    check((await carol.locator('.prose').getAttribute('contenteditable')) === 'false', 'the viewer’s text is editable')
    check(await carol.locator('.toolbar').isHidden(), 'the viewer has a toolbar')
    const before = await textOf(carol)
    await carol.locator('.prose > p').first().click()
    await carol.keyboard.type('This must not appear. ')
    await caret(await paragraph(alice, options.text), 0)
    await alice.keyboard.type('Now: ')
    await until('the viewer sees the edit', async () => (await textOf(carol)).some((html) => html.startsWith('Now: ')))
    const after = await textOf(carol)
    check(!JSON.stringify(after).includes('must not appear'), 'the viewer’s typing is in the text')
    check(before.length === after.length && before.filter((b, i) => b !== after[i]).length === 1, 'more than one block changed')
    await alice.keyboard.press('Control+z')
    await until('the viewer sees it undone', async () => JSON.stringify(await textOf(carol)) === JSON.stringify(before))
    await saved(alice)
    return {}
  },

  /** What is typed while the server is away is sent when it is back. */
  async restart () {
    const page = await openRecord('alice', options.record, { quiet: false }) // the browser itself reports refused connections
    await caret(await paragraph(page, options.text), 0)
    await page.keyboard.type('Before. ')
    await saved(page)
    await ask('stop')
    await page.locator('.link-state:not(.is-online)').waitFor()
    await page.keyboard.type('Meanwhile. ')
    await page.locator('.save-state', { hasText: 'Editing' }).waitFor()
    await page.locator('.notice', { hasText: /kept/ }).waitFor()
    await ask('start')
    await page.locator('.link-state', { hasText: 'Online' }).waitFor()
    await saved(page)
    await paragraph(page, 'Before. Meanwhile. ' + options.text)
    const other = await openRecord('bob')
    await paragraph(other, 'Before. Meanwhile. ' + options.text)
    return {}
  },

  /** A withdrawn session stops at that moment, and the page says so. */
  async revoked () {
    const page = await openRecord('bob', options.record, { quiet: false })
    await ask('revoke')
    await page.locator('.link-state', { hasText: 'Signed out' }).waitFor()
    check((await page.locator('.prose').getAttribute('contenteditable')) === 'false', 'one can go on typing after the session has ended')
    await page.getByRole('button', { name: 'Sign in again' }).click()
    await page.locator('h1', { hasText: 'Sign in' }).waitFor()
    return {}
  },

  /** Everything can be reached and used without a mouse, and has a name. */
  async keyboard () {
    const page = await openRecord('alice')
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '')
    await page.locator('body').press('Tab')
    check((await focused()) === 'Skip to the content', `the first stop is ${await focused()}`)
    await page.keyboard.press('Enter')
    check(await page.evaluate(() => document.activeElement?.id === 'main'), 'the skip link does not lead to the content')
    await page.locator('.tool[tabindex="0"]').focus()
    check((await page.locator('.tool[tabindex="0"]').count()) === 1, 'the toolbar has not exactly one stop')
    await page.keyboard.press('End')
    check((await focused()) === 'Table', `End leads to ${await focused()}`)
    await page.keyboard.press('ArrowRight')
    check((await focused()) === 'Undo', `past the end comes ${await focused()}`)
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
    check((await focused()) === 'Bold', `five on is ${await focused()}`)

    await caret(await paragraph(page, options.text), 0)
    await page.getByRole('button', { name: 'Bold' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.type('Bold ')
    check((await page.getByRole('button', { name: 'Bold' }).getAttribute('aria-pressed')) === 'true', 'the button does not tell that it is on')
    await page.keyboard.press('Control+b')
    check((await textOf(page)).some((html) => html.startsWith('<strong>Bold </strong>')), 'the toolbar made nothing bold')
    for (let i = 0; i < 3; i++) await page.keyboard.press('Control+z')

    await page.getByRole('button', { name: 'Link', exact: true }).press('Enter')
    check((await page.locator('dialog[open]').count()) === 1, 'no dialog')
    await page.keyboard.press('Escape')
    await until('Escape closes the dialog', async () => (await page.locator('dialog').count()) === 0)
    check((await focused()) === 'Text of the record', `after the dialog the focus is on ${await focused()}`)

    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, a[href], input, [role]')]
        .filter((e) => e.checkVisibility() && !(e.getAttribute('aria-label') ?? e.getAttribute('title') ?? e.labels?.[0]?.textContent ?? e.textContent)?.trim() && !['status', 'alert', 'group'].includes(e.getAttribute('role')))
        .map((e) => e.outerHTML.slice(0, 120)))
    check(nameless.length === 0, `without a name: ${nameless.join(' ')}`)
    await saved(page)
    return {}
  },

  /** Signing in by hand, finding a record, and out again. */
  async 'sign in' () {
    const page = await open('', { quiet: false }) // the browser reports the 401
    await page.locator('.choice', { hasText: options.names.bob }).click()
    await page.locator('.record').first().waitFor()
    check((await page.locator('.record').count()) >= options.records.length, 'the list is not complete')
    await page.getByRole('searchbox', { name: 'Find a record' }).fill(`${options.record.slice(0, 4)} ${options.record.slice(-4)}`)
    await until('one record is left', async () => (await page.locator('.record').count()) === 1)
    await page.locator('.record').click()
    await page.locator('.prose').waitFor()
    await page.reload() // the tab stays signed in
    await page.locator('.prose').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()

    await page.getByLabel('User name').fill('alice')
    await page.getByLabel('Password').fill('not her password')
    await page.keyboard.press('Enter')
    await page.locator('.problem', { hasText: 'not right' }).waitFor()
    await page.getByLabel('Password').fill(options.password)
    await page.keyboard.press('Enter')
    await page.locator('.record').first().waitFor()
    check((await page.locator('.who-name').textContent()) === options.names.alice, 'signed in as somebody else')
    await page.goto(page.url().replace(/#.*/, '') + '#/records/no-such-record')
    await page.locator('h1', { hasText: 'No such record' }).waitFor()
    return {}
  },

  /** What the toolbar and the keys make is the Markdown one would expect, and undoing all of it leaves no trace. */
  async format () {
    const page = await openRecord('alice')
    const type = (text) => page.keyboard.type(text)
    const press = (key) => page.keyboard.press(key)
    const tool = (name) => page.getByRole('toolbar').getByRole('button', { name, exact: true }).click()
    const shows = async (what) => {
      let last = ''
      await until(`the Markdown has ${what}`, async () => what.test(last = await markdownOf(page))).catch((error) => {
        throw new Error(`${error.message}; it is\n${last}`)
      })
    }
    await page.locator('.source-text .line').first().waitFor({ state: 'attached' })
    const before = await markdownOf(page)
    await caret(await paragraph(page, options.text), options.text.length)

    await press('Enter')
    await type('A heading')
    await tool('Heading 2')
    await shows(/^## A heading$/m)

    await press('Enter')
    await type('Some ')
    await press('Control+b')
    await type('bold')
    await press('Control+b')
    await type(', ')
    await press('Control+i')
    await type('italic')
    await press('Control+i')
    await type(' and ')
    await press('Control+e')
    await type('code')
    await press('Control+e')
    await type('.')
    await shows(/^Some \*\*bold\*\*, \*italic\* and `code`\.$/m)

    await press('Enter')
    await tool('Link')
    await page.getByLabel('Address').fill('https://example.org/bylaws')
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill('all bylaws')
    await press('Enter')
    await shows(/^\[all bylaws\]\(https:\/\/example\.org\/bylaws\)$/m)

    await press('Enter')
    await type('First')
    await tool('Bulleted list')
    await press('Enter')
    await type('Second')
    await press('Enter')
    await tool('Indent the item')
    await type('Below')
    await shows(/^\* First\n+\* Second\n+ {2}\* Below$/m)
    for (let i = 0; i < 3; i++) await press('Enter') // out of both lists

    await type('3. Third of its kind')
    await shows(/^3\. Third of its kind$/m)
    await press('Enter')
    await press('Enter')

    await type('Quoted')
    await tool('Quotation')
    await shows(/^> Quoted$/m)
    await press('Enter')
    await press('Enter')

    await type('x := 1')
    await tool('Code block')
    await shows(/^```\nx := 1\n```$/m)
    await press('Control+Enter')

    await tool('Image')
    await page.getByLabel('Address of the image').fill('data:image/gif;base64,R0lGODlhAQABAAAAACw=')
    await page.getByLabel(/What it shows/).fill('One pixel')
    await press('Enter')
    await shows(/^!\[One pixel\]\(data:image\/gif;base64,R0lGODlhAQABAAAAACw=\)$/m)

    await press('Enter')
    await tool('Table')
    await press('Enter') // as the dialog proposes
    for (const cell of ['Item', 'Note', 'Cost', 'Salt', 'winter', '12', 'Sand']) {
      await type(cell)
      await press('Tab')
    }
    await shows(/^\| Item +\| Note +\| Cost +\|\n\|[ :|-]+\|\n\| Salt +\| winter +\| +12 +\|\n\| Sand +\| +\| +\|$/m)
    await tool('Delete the column') // Note
    await shows(/^\| Item +\| Cost +\|$/m)
    await press('Tab')
    await tool('Align the column right')
    await shows(/^\| Item +\| +Cost +\|\n\| ?-+ ?\| ?-+: ?\|$/m)
    await tool('Row above')
    await tool('Column to the right')
    await shows(/^\| Salt +\| +12 +\| +\|\n\| +\| +\| +\|\n\| Sand +\| +\| +\|$/m)
    await tool('Delete the table')
    await until('the table is gone', async () => !/Salt/.test(await markdownOf(page)))

    const undo = page.getByRole('button', { name: 'Undo' })
    for (let i = 0; i < 200 && (await undo.getAttribute('aria-disabled')) === 'false'; i++) await undo.click()
    await until('undoing everything leaves no trace', async () => (await markdownOf(page)) === before)
    await saved(page)
    return {}
  },

  /** The figures move with what happens, and only administrators see them. */
  async dashboard () {
    const clerk = await open('alice', { path: '/dashboard.html', quiet: false }) // the browser reports the 403
    await clerk.locator('h1', { hasText: 'For administrators' }).waitFor()

    const alice = await openRecord('alice')
    const dave = await open('dave', { path: '/dashboard.html' })
    const row = dave.locator('.rooms tbody tr', { hasText: options.record })
    await row.filter({ hasText: options.names.alice }).waitFor()
    await caret(await paragraph(alice, options.text), 0)
    await alice.keyboard.type('Counted. ', { delay: 20 })
    await saved(alice)
    const tile = (title) => dave.locator('.tile', { has: dave.locator('h2', { hasText: title }) }).first()
    await until('the rate of edits rises', async () => Number(await tile('Edits a second').locator('.figure').textContent()) > 0)
    await until('the latency is shown', async () => /\d/.test(await tile('Until an edit is safe').locator('.figure').textContent()))
    await until('the charts have lines', async () => (await dave.locator('.plot .stroke[d*="L"]').count()) >= 4)
    check(Number(await tile('Connected').locator('.figure').textContent()) >= 1, 'nobody is connected')
    await row.filter({ hasText: 'Saved' }).waitFor()
    await alice.context().close()
    await until('who leaves is gone from the room', async () => !(await row.count()) || !(await row.textContent()).includes(options.names.alice))
    return {}
  },

  /** Pictures of every page to look at, in both themes, on a desk and on a phone; nothing may stick out sideways. */
  async screenshots () {
    for (const theme of ['light', 'dark']) {
      for (const [device, width, height] of [['desktop', 1280, 800], ['phone', 360, 740]]) {
        const look = { theme, width, height }
        const keep = async (page, name, fullPage = false) => {
          await fits(page, `${name} (${device})`)
          await page.screenshot({ path: `${options.shots}/${name}-${theme}-${device}.png`, fullPage })
        }
        const login = await open('', look)
        await login.locator('.choice').first().waitFor()
        await keep(login, 'sign-in')
        const list = await open('alice', look)
        await list.locator('.record').first().waitFor()
        await keep(list, 'list')
        const bob = await openRecord('bob', options.record, look)
        await caret(await paragraph(bob, options.text), 12)
        const alice = await openRecord('alice', options.record, look)
        await alice.locator('.caret').waitFor({ state: 'attached' })
        await alice.locator('.source-text .line').first().waitFor({ state: 'attached' })
        await keep(alice, 'editor')
        if (device === 'phone') {
          await alice.getByRole('button', { name: 'Markdown' }).click()
          await keep(alice, 'markdown')
        }
        const carol = await openRecord('carol', options.record, look)
        await keep(carol, 'viewer')
        const dave = await open('dave', { ...look, path: '/dashboard.html' })
        await dave.locator('.rooms tbody tr', { hasText: options.record }).waitFor()
        await keep(dave, 'dashboard', true)
        for (const page of [login, list, bob, alice, carol, dave]) await page.context().close()
      }
    }
    return {}
  }
}

Object.assign(scenarios, troubles({ options, ask, check, open, openRecord, paragraph, caret, textOf, saved, until, fits }))

let status = 0
try {
  const result = await scenarios[process.argv[2]]()
  check(noise.length === 0, `the console is not quiet:\n${noise.join('\n')}`)
  say({ result })
} catch (error) {
  status = 1
  for (const [i, page] of browser.contexts().flatMap((c) => c.pages()).entries()) {
    await page.screenshot({ path: `${options.shots}/failed-${i}.png` }).catch(() => {})
  }
  say({ error: `${error.message}${noise.length ? `\nconsole:\n${noise.join('\n')}` : ''}` })
}
await browser.close()
process.stdout.end()
await once(process.stdout, 'finish').catch(() => {})
process.exit(status)
