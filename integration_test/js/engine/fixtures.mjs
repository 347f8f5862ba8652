// node fixtures.mjs: writes the fixtures of the Go tests with Yjs and y-protocols,
// from fixed seeds. Run it again after a change here; the files are checked in.
import { mkdirSync, writeFileSync } from 'node:fs'

const root = new URL('../../../yjs/', import.meta.url).pathname
const parts = process.argv.slice(2)
const all = { awareness: './fixtures/awareness.mjs', protocol: './fixtures/protocol.mjs', updates: './fixtures/updates.mjs', moments: './fixtures/moments.mjs' }
for (const name of parts.length ? parts : Object.keys(all)) {
  if (!all[name]) { console.error(`no fixtures called ${name}; there are ${Object.keys(all).join(', ')}`); process.exit(2) }
  for (const [file, value] of Object.entries(await (await import(all[name])).make())) {
    mkdirSync(root + file.replace(/[^/]*$/, ''), { recursive: true })
    writeFileSync(root + file, JSON.stringify(value, null, 0).replaceAll('},{', '},\n{') + '\n')
    console.log('wrote yjs/' + file)
  }
}
