// node mutants.mjs [--only NAME] [--keep]
// Plants bugs in a copy of the engine, one at a time, and runs the checks until one
// of them fails. A bug that all checks pass is an error of the checks; one that
// can no longer be planted, because the code has changed, must be rewritten here.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values: o } = parseArgs({ options: { only: { type: 'string' }, keep: { type: 'boolean', default: false } } })
const here = new URL('.', import.meta.url).pathname
const module = join(here, '../../..')

// [name, what is wrong, the code as it is, the code with the bug]. The code must
// stand in one place of yjs/ or yjs/lib0/; in which file does not matter.
const MUTANTS = [
  ['right-origin', 'of two items at the same place the right origins are not compared',
    '} else if o.rclient == it.rclient && o.rclock == it.rclock {', '} else if true {'],
  ['client-order', 'of two items at the same place the higher client comes first',
    'oid := d.clients[o.client].id; oid < id {', 'oid := d.clients[o.client].id; oid > id {'],
  ['deleted-parent', 'what is written into a deleted type stays alive',
    'if parent.isDeleted() || it.sub != 0 && it.right != nil {', 'if it.sub != 0 && it.right != nil {'],
  ['old-value', 'an overwritten attribute value is not deleted',
    'if it.left != nil { // the value until now', 'if false { // the value until now'],
  ['key-by-neighbour', 'an item with an origin does not learn its key from it',
    'case left != nil:\n\t\tparent, sub = left.parent, left.sub', 'case left != nil:\n\t\tparent = left.parent'],
  ['collect-children', 'the content of a deleted element is kept',
    '\t\td.collectChildren(it.typ)\n', ''],
  ['utf16-cut', 'text is cut at bytes instead of UTF-16 units',
    'at, inside = lib0.UTF16Offset(it.data, int(n), int(it.len))', 'at = min(int(n), len(it.data))'],
  ['utf16-count', 'a character outside the basic plane counts as one unit',
    'n += bits.OnesCount64(four) - bits.OnesCount64(cont)', 'n += -bits.OnesCount64(cont) + 0*int(four)'],
  ['no-squash', 'runs of text are not joined',
    '(left.kind == kindString || left.kind == kindDeleted', '(left.kind == kindDeleted'],
  ['pending-deletes', 'deletes of what has not come yet are forgotten',
    '\t\tlater(client, r)\n\t\treturn\n', '\t\treturn\n'],
  ['pending-retry', 'what waits is not looked at again',
    'retry := d.pending != nil && tx.canRetry()', 'retry := false'],
  ['missing-right', 'an item does not wait for its right origin',
    'if r.right = find(b.right); r.right == nil {', 'if r.right = find(b.right); r.right == nil && false {'],
  ['delete-end', 'a delete takes the whole item in which it ends',
    '\t\t\tif end < it.end() {\n\t\t\t\ttx.split(', '\t\t\tif false {\n\t\t\t\ttx.split('],
  ['diff-offset', 'the answer to a state vector does not begin inside an item',
    'offset := w.clock - w.c.at(p).clock', 'offset := uint32(0)'],
  ['clients-ascending', 'deletes are written with the lower client first',
    'return cmp.Compare(b.client, a.client)', 'return cmp.Compare(a.client, b.client)'],
  ['merge-gap', 'a merge does not say what is missing in between',
    'case m.held.end() < s.cur.id.Clock:', 'case false:'],
  ['merge-overlap', 'a merge repeats what two updates both have',
    'rest.slice(m.held.end() - rest.id.Clock)', ''],
  ['v2-lengths', 'format V2 counts strings in bytes',
    'c.lens.write(uint64(lib0.UTF16Len(s)))', 'c.lens.write(uint64(len(s)))'],
  ['v2-runs', 'format V2 forgets the length of a run of differences',
    '\tif c.run > 1 {\n\t\tv++\n\t}\n', ''],
  ['quick-right', 'most structs lose their right origin when they are read',
    'b.right = c.id()', 'c.id()'],
  ['join-skipped', 'text that continues what was there stays apart',
    'mayJoin := t.c.joins == tx.id ||', 'mayJoin :='],
  ['marks-gap', 'a local delete leaves marks that no longer matter',
    'if last[key] != it || identical(was, value) {', 'if false {']
]

const dir = mkdtempSync(join(tmpdir(), 'mutants-'))
process.on('exit', () => { if (!o.keep) rmSync(dir, { recursive: true, force: true }) })
for (const part of ['go.mod', 'go.sum', 'yjs', 'cmd/yjs-replica']) cpSync(join(module, part), join(dir, part), { recursive: true, filter: f => !f.endsWith('_test.go') && !f.includes('testdata') })
const replica = join(dir, 'replica')

// The checks, the quickest first; each must pass on the engine as it is.
const steps = [
  ['sessions', '--checks', 'sessions', '--runs', '12'],
  ['writes', '--checks', 'writes', '--runs', '12'],
  ['bytes', '--checks', 'bytes', '--runs', '8'],
  ['recorded', '--checks', 'recorded']
]
function build () {
  try { execFileSync('go', ['build', '-o', replica, './cmd/yjs-replica'], { cwd: dir, stdio: 'pipe' }); return '' } catch (e) { return String(e.stderr) }
}
function firstFailure () {
  for (const [name, ...args] of steps) {
    const run = spawnSync('node', [join(here, 'run.mjs'), '--replica', replica, '--stop-at-first', ...args], { encoding: 'utf8' })
    if (run.status !== 0) return `${name}: ${run.stdout.split('\n').find(l => l.startsWith('FAIL'))?.slice(0, 110) ?? run.stderr.slice(-200)}`
  }
  return ''
}

let bad = build()
if (bad) { console.error(bad); process.exit(2) }
bad = firstFailure()
if (bad) { console.error('the engine itself fails the checks, so mutants would say nothing:', bad); process.exit(2) }

let [found, missed] = [0, 0]
for (const [name, what, code, bug] of MUTANTS) {
  if (o.only && o.only !== name) continue
  const say = (result, more) => console.log(result.padEnd(9), name.padEnd(18), more)
  const places = ['yjs', 'yjs/lib0'].flatMap(d => readdirSync(join(dir, d)).filter(f => f.endsWith('.go')).map(f => join(dir, d, f)))
    .flatMap(path => readFileSync(path, 'utf8').split(code).slice(1).map(() => path))
  if (places.length !== 1) { missed++; say('OBSOLETE', `${places.length} places have the code: ${code.trim()}`); continue }
  const source = readFileSync(places[0], 'utf8')
  writeFileSync(places[0], source.replace(code, () => bug))
  const broken = build()
  const failure = broken || firstFailure()
  writeFileSync(places[0], source)
  if (broken) { missed++; say('NO BUILD', broken.slice(0, 300)) } else if (failure) { found++; say('found', failure) } else { missed++; say('MISSED', what) }
}
console.log(`${found} passed, ${missed} failed`)
process.exit(missed ? 1 : 0)
