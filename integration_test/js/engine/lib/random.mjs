// A seeded generator of random choices (sfc32). The same seed always gives the
// same choices, so a failing run is repeated by its seed.
export class Random {
  constructor (seed) {
    this.a = 0x9e3779b9; this.b = 0x243f6a88; this.c = seed >>> 0; this.d = 1
    for (let i = 0; i < 15; i++) this.next()
  }

  next () { // 32 random bits
    const t = (this.a + this.b | 0) + this.d | 0
    this.d = this.d + 1 | 0
    this.a = this.b ^ this.b >>> 9
    this.b = this.c + (this.c << 3) | 0
    this.c = (this.c << 21 | this.c >>> 11) + t | 0
    return t >>> 0
  }

  below (n) { return Math.floor(this.next() / 0x100000000 * n) }
  between (lo, hi) { return lo + this.below(hi - lo + 1) }
  chance (p) { return this.next() / 0x100000000 < p }
  of (list) { return list[this.below(list.length)] }

  // weighted({ a: 3, b: 1 }) is 'a' three times out of four.
  weighted (table) {
    const names = Object.keys(table)
    let x = this.next() / 0x100000000 * names.reduce((sum, n) => sum + table[n], 0)
    for (const n of names) { x -= table[n]; if (x < 0) return n }
    return names.findLast(n => table[n] > 0)
  }

  shuffled (list) {
    const out = [...list]
    for (let i = out.length; i > 1;) { const j = this.below(i--); [out[i], out[j]] = [out[j], out[i]] }
    return out
  }
}
