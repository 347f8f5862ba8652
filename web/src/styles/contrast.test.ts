import css from './base.css?raw'
import { expect, test } from 'vitest'

const colours = new Map([...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [name, [light, dark]]))

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

const text: [string, string][] = [
  ['ink', 'ground'], ['ink', 'surface'], ['ink', 'sunken'], ['ink', 'added'], ['ink', 'accent-soft'], ['ink', 'warn-soft'], ['ink', 'bad-soft'],
  ['ink-soft', 'ground'], ['ink-soft', 'surface'], ['ink-soft', 'sunken'],
  ['accent', 'ground'], ['accent', 'surface'], ['accent', 'accent-soft'], ['accent-ink', 'accent'], ['accent-ink', 'accent-strong'],
  ['good', 'good-soft'], ['good', 'sunken'], ['warn', 'warn-soft'], ['bad', 'bad-soft'], ['bad', 'ground'], ['bad', 'surface'],
]

test.each(text)('text in %s on %s can be read', (ink, ground) => {
  for (const theme of [0, 1]) expect(contrast(colours.get(ink)![theme], colours.get(ground)![theme])).toBeGreaterThanOrEqual(4.5)
})

test('the edges of fields and buttons can be seen', () => {
  for (const theme of [0, 1]) expect(contrast(colours.get('line-strong')![theme], colours.get('surface')![theme])).toBeGreaterThanOrEqual(3)
})

test('names on carets can be read', async () => {
  const { colourOf } = await import('../editor/carets')
  for (let id = 0; id < 200; id++) expect(contrast(colourOf(String(id)), '#ffffff')).toBeGreaterThanOrEqual(4.5)
})
