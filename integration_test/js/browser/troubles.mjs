// What the pages say and do when something goes wrong under somebody's hands.
// Each scenario gets the tools of scenarios.mjs.
export const troubles = ({ options, ask, check, open, openRecord, paragraph, caret, textOf, saved, until, fits }) => ({
  /** A right that is taken away or given shows at once, without a new page. */
  async downgraded () {
    const bob = await openRecord('bob')
    await caret(await paragraph(bob, options.text), 0)
    await bob.keyboard.type('Kept. ')
    await saved(bob)
    await bob.evaluate(() => { window.same = true })
    await ask('clerks may view')
    await bob.locator('.access-state').waitFor()
    await bob.locator('.notice', { hasText: /no longer edit/ }).waitFor()
    check((await bob.locator('.prose').getAttribute('contenteditable')) === 'false', 'the text is still editable')
    check(await bob.locator('.toolbar').isHidden(), 'there is still a toolbar')
    await bob.locator('.prose > p').first().click()
    await bob.keyboard.type('This must not appear. ')
    for (const [theme, colorScheme] of [['light', 'light'], ['dark', 'dark']]) {
      await bob.emulateMedia({ colorScheme })
      await bob.screenshot({ path: `${options.shots}/downgraded-${theme}.png` })
    }
    await fits(bob, 'the page of a reader')
    const dave = await openRecord('dave') // an administrator, who may
    check(!JSON.stringify(await textOf(dave)).includes('must not appear'), 'the reader’s typing is in the text')
    await caret(await paragraph(dave, 'Kept. ' + options.text), 0)
    await dave.keyboard.type('Seen. ')
    await until('the reader sees what others write', async () => (await textOf(bob)).some((html) => html.startsWith('Seen. Kept. ')))
    await ask('clerks may edit')
    await bob.locator('.access-state').waitFor({ state: 'hidden' })
    await until('the text is editable again', async () => (await bob.locator('.prose').getAttribute('contenteditable')) === 'true')
    await bob.locator('.notice', { hasText: /no longer edit/ }).waitFor({ state: 'hidden' })
    await caret(await paragraph(bob, 'Seen. Kept. ' + options.text), 0)
    await bob.keyboard.type('Again. ')
    await saved(bob)
    check(await bob.evaluate(() => window.same === true), 'the page was loaded anew')
    return {}
  },

  /** While nothing can be written, the editor and the dashboard say so, and nothing is called saved. */
  async 'disk in trouble' () {
    const alice = await openRecord('alice')
    const dave = await open('dave', { path: '/dashboard.html' })
    await dave.locator('.status', { hasText: 'Healthy' }).waitFor()
    await ask('break the disk')
    await caret(await paragraph(alice, options.text), 0)
    await alice.keyboard.type('Waiting. ')
    await alice.locator('.notice', { hasText: /cannot write to its disk/ }).waitFor()
    check(!/Saved/.test(await alice.locator('.save-state').textContent()), 'the page says Saved')
    await dave.locator('.status', { hasText: 'Degraded' }).waitFor()
    await dave.locator('.reasons li', { hasText: /cannot be stored/ }).waitFor()
    for (const colorScheme of ['light', 'dark']) {
      await dave.emulateMedia({ colorScheme })
      await dave.screenshot({ path: `${options.shots}/degraded-${colorScheme}.png`, fullPage: true })
      await alice.emulateMedia({ colorScheme })
      await alice.screenshot({ path: `${options.shots}/unsaved-${colorScheme}.png` })
    }
    await fits(dave, 'the dashboard with reasons')
    await ask('mend the disk')
    await saved(alice)
    await alice.locator('.notice').waitFor({ state: 'hidden' })
    await dave.locator('.status', { hasText: 'Healthy' }).waitFor()
    check((await dave.locator('.reasons li').count()) === 0, 'the reasons stay')
    return {}
  },

  /** A window with another document of the record takes the present one, and offers what it had. */
  async 'another lineage' () {
    const alice = await openRecord('alice', options.record, { quiet: false }) // the browser reports refused connections
    await caret(await paragraph(alice, options.text), 0)
    await alice.keyboard.type('Before. ')
    await saved(alice)
    await ask('stop and begin anew')
    await alice.locator('.link-state:not(.is-online)').waitFor()
    await alice.keyboard.type('Meanwhile. ')
    await ask('start')
    await alice.locator('.link-state', { hasText: 'Online' }).waitFor()
    await alice.locator('.notice', { hasText: /older version/ }).waitFor()
    const blocks = await textOf(alice)
    check(blocks.filter((html) => html.includes(options.text)).length === 1, `the paragraph is there ${blocks.filter((html) => html.includes(options.text)).length} times`)
    check(!JSON.stringify(blocks).includes('Meanwhile'), 'what was typed into the old document is in the new one')
    await alice.getByRole('button', { name: /Copy the text/ }).waitFor()
    await alice.screenshot({ path: `${options.shots}/lineage-light.png` })
    await caret(await paragraph(alice, options.text), 0)
    await alice.keyboard.type('Anew. ')
    await saved(alice)
    return {}
  }
})
