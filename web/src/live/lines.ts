/** Where a new text differs from an old one: lines [start, endOld) were replaced by lines [start, endNew). */
export interface Change {
  start: number
  endOld: number
  endNew: number
}

/** The one stretch of lines outside of which both texts are equal. */
export function changedStretch(old: readonly string[], now: readonly string[]): Change {
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let endOld = old.length
  let endNew = now.length
  while (endOld > start && endNew > start && old[endOld - 1] === now[endNew - 1]) {
    endOld--
    endNew--
  }
  return { start, endOld, endNew }
}

// Above this many pairs of lines the middle is not compared line by line: nobody reads such a diff.
const limit = 4_000_000

/** For each line of the new text, whether the old text lacks it (longest common subsequence). */
export function addedLines(old: readonly string[], now: readonly string[]): boolean[] {
  const added = new Array<boolean>(now.length).fill(false)
  const { start, endOld, endNew } = changedStretch(old, now)
  const a = old.slice(start, endOld)
  const b = now.slice(start, endNew)
  if (a.length === 0 || b.length === 0 || a.length * b.length > limit) {
    return added.fill(true, start, endNew)
  }
  const width = b.length + 1
  const length = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] =
        a[i] === b[j] ? length[(i + 1) * width + j + 1] + 1 : Math.max(length[(i + 1) * width + j], length[i * width + j + 1])
    }
  }
  for (let i = 0, j = 0; j < b.length; ) {
    if (i < a.length && a[i] === b[j]) {
      i++
      j++
    } else if (i < a.length && length[(i + 1) * width + j] >= length[i * width + j + 1]) i++
    else added[start + j++] = true
  }
  return added
}
