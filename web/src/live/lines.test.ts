import { expect, test } from 'vitest'
import { addedLines, changedStretch } from './lines'

test('the changed stretch is as short as it can be', () => {
  expect(changedStretch(['a', 'b', 'c'], ['a', 'x', 'y', 'c'])).toEqual({ start: 1, endOld: 2, endNew: 3 })
  expect(changedStretch(['a', 'a'], ['a', 'a', 'a'])).toEqual({ start: 2, endOld: 2, endNew: 3 })
  expect(changedStretch(['a'], ['a'])).toEqual({ start: 1, endOld: 1, endNew: 1 })
  expect(changedStretch([], ['a'])).toEqual({ start: 0, endOld: 0, endNew: 1 })
})

test('lines that were there are not marked, even between changes', () => {
  expect(addedLines(['a', 'b', 'c', 'd'], ['x', 'b', 'y', 'd'])).toEqual([true, false, true, false])
  expect(addedLines(['a', 'b'], ['a'])).toEqual([false])
  expect(addedLines(['a'], ['a', 'b'])).toEqual([false, true])
  expect(addedLines([], [])).toEqual([])
})

test('what is not marked is exactly a common subsequence', () => {
  let seed = 1
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n
  for (let round = 0; round < 500; round++) {
    const text = () => Array.from({ length: random(12) }, () => 'abc'[random(3)])
    const [old, now] = [text(), text()]
    const kept = now.filter((_, i) => !addedLines(old, now)[i])
    let at = 0
    for (const line of kept) {
      at = old.indexOf(line, at) + 1
      expect(at, `${old} -> ${now} keeps ${kept}`).toBeGreaterThan(0)
    }
  }
})
