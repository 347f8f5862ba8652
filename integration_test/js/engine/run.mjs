// node run.mjs --replica CMD [--checks sessions,bytes,writes,recorded] [--profiles all|a,b] [--runs N] [--seed S]
//              [--rounds N] [--recordings DIR,DIR] [--out FILE] [--stop-at-first]
// Compares a replica with Yjs; see README.md. Exit status 1 if anything differs.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Replica, text } from './lib/wire.mjs'
import { Random } from './lib/random.mjs'
import { PROFILES } from './lib/profiles.mjs'
import { play } from './lib/session.mjs'
import { CLASSES, judge, judgeBytes } from './lib/judge.mjs'
import { converging, mirrored } from './lib/writes.mjs'
import { check, recordings, variants } from './lib/recorded.mjs'

const here = new URL('.', import.meta.url).pathname
const { values: o } = parseArgs({
  options: {
    replica: { type: 'string', default: `node ${here}yjs-replica.mjs` },
    checks: { type: 'string', default: 'sessions,bytes,writes,recorded' },
    profiles: { type: 'string', default: 'all' },
    runs: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    recordings: { type: 'string', default: here + 'testdata/sessions' },
    out: { type: 'string' },
    'stop-at-first': { type: 'boolean', default: false }
  }
})
const number = name => {
  if (!/^\d+$/.test(o[name])) { console.error(`--${name} ${o[name]}: must be a whole number`); process.exit(2) }
  return Number(o[name])
}
const known = (list, all, what) => {
  const names = list === 'all' ? all : list.split(',')
  for (const n of names) if (!all.includes(n)) { console.error(`no such ${what}: ${n}; there are ${all.join(', ')}`); process.exit(2) }
  return names
}
const [runs, rounds, seed0] = [number('runs'), number('rounds'), number('seed')]
const profiles = known(o.profiles, Object.keys(PROFILES), 'profile')
const checks = known(o.checks, ['sessions', 'bytes', 'writes', 'recorded'], 'check')

const replica = new Replica(o.replica)
const info = JSON.parse(text(await replica.get('I')))
console.log(`replica ${info.name} ${info.version}; seeds ${seed0} to ${seed0 + runs - 1}`)
const result = { replica: info, seed: seed0, runs, table: {}, failures: [], yjsDisagrees: [], unsupported: [] }
let passed = 0
let failed = 0

const again = (checkName, extra) => `node run.mjs --replica "${o.replica}" --checks ${checkName} ${extra}`
function note (row, cls, repeat, findings) {
  const counts = result.table[row] ??= {}
  counts[cls] = (counts[cls] ?? 0) + 1
  if (cls === 'ok') { passed++; return }
  failed++
  if (failed <= 20) {
    result.failures.push({ row, cls, repeat, findings: findings.slice(0, 4) })
    console.log(`FAIL ${row}: ${cls}: ${JSON.stringify(findings[0]).slice(0, 600)}\n     again with: ${repeat}`)
  }
  if (o['stop-at-first']) finish()
}
function line (row, started) {
  const counts = result.table[row] ?? {}
  console.log(row.padEnd(28), CLASSES.filter(c => counts[c]).map(c => `${c} ${counts[c]}`).join('  '), ` ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
function finish () {
  if (result.yjsDisagrees.length) console.log('Yjs disagrees with itself; judged by what it makes of its own state:', result.yjsDisagrees.join(', '))
  if (result.unsupported.length) console.log('not compared, the replica does not know the operation:', result.unsupported.join(', '))
  if (o.out) writeFileSync(o.out, JSON.stringify(result, null, 1))
  console.log(`${passed} passed, ${failed} failed`)
  replica.close()
  process.exit(failed ? 1 : 0)
}

for (const checkName of ['sessions', 'bytes']) {
  if (!checks.includes(checkName)) continue
  for (const p of profiles) {
    const row = `${checkName} ${p}`
    const started = Date.now()
    for (let seed = seed0; seed < seed0 + runs; seed++) {
      const session = play(p, seed)
      const found = checkName === 'bytes' ? await judgeBytes(replica, session, new Random(seed)) : await judge(replica, session)
      if (found.yjsDisagrees) result.yjsDisagrees.push(`${p} ${seed}`)
      for (const u of found.unsupported ?? []) if (!result.unsupported.includes(u)) result.unsupported.push(u)
      note(row, found.cls, again(checkName, `--profiles ${p} --runs 1 --seed ${seed}`), found.all)
    }
    line(row, started)
  }
}
if (checks.includes('writes')) {
  for (const [row, act] of [['writes mirrored', mirrored], ['writes converging', converging]]) {
    const started = Date.now()
    for (let seed = seed0; seed < seed0 + 10 * runs; seed++) {
      let found
      try { found = await act(replica, seed) } catch (e) { found = { what: e.message, hung: e.hung }; if (replica.gone) replica.restart() }
      note(row, found ? (found.hung ? 'hang' : 'relay-diverge') : 'ok', again('writes', `--runs 1 --seed ${seed}`), found ? [found] : [])
    }
    line(row, started)
  }
}
if (checks.includes('recorded')) {
  for (const recording of recordings(o.recordings.split(','))) {
    const row = `recorded ${recording.name}`
    const started = Date.now()
    for (const [how, make] of variants(recording, replica, rounds, seed0)) {
      const found = await check(replica, recording, make)
      note(row, found.cls, again('recorded', `--seed ${seed0} --rounds ${rounds}`) + ` (${how})`, found.all)
    }
    line(row, started)
  }
}
finish()
