import { getSchema } from '@tiptap/core'
import { expect, test } from 'vitest'
import { civicSchema } from './schema'

// What the editors in the field have, written down from the format's description, not from the code beside it.
const nodes: Record<string, [content: string, group: string, attrs: Record<string, unknown>]> = {
  doc: ['block+', '', {}],
  paragraph: ['inline*', 'block', {}],
  blockquote: ['block+', 'block', {}],
  horizontal_rule: ['', 'block', {}],
  heading: ['inline*', 'block', { level: 1 }],
  code_block: ['text*', 'block', { params: '' }],
  text: ['', 'inline', {}],
  image: ['', 'inline', { src: undefined, alt: null, title: null }],
  hard_break: ['', 'inline', {}],
  ordered_list: ['list_item+', 'block', { order: 1 }],
  bullet_list: ['list_item+', 'block', {}],
  list_item: ['paragraph block*', '', {}],
  table: ['table_row+', 'block', {}],
  table_row: ['(table_cell | table_header)*', '', {}],
  table_cell: ['block+', '', { colspan: 1, rowspan: 1, colwidth: null, align: null }],
  table_header: ['block+', '', { colspan: 1, rowspan: 1, colwidth: null, align: null }],
  civicRef: ['', 'inline', { refType: 'record', id: '', label: '' }],
}

const schema = getSchema(civicSchema)

test('nodes, their content, groups and attributes are those of CivicPress', () => {
  expect(Object.keys(schema.nodes)).toEqual(Object.keys(nodes))
  for (const [name, [content, group, attrs]] of Object.entries(nodes)) {
    const spec = schema.nodes[name].spec
    expect([spec.content ?? '', spec.group ?? ''], name).toEqual([content, group])
    expect(Object.keys(spec.attrs ?? {}), name).toEqual(Object.keys(attrs))
    for (const [attr, value] of Object.entries(attrs)) {
      expect(spec.attrs?.[attr].default, `${name}.${attr}`).toEqual(value)
    }
  }
  expect(schema.nodes.image.spec.attrs?.src).not.toHaveProperty('default')
  expect(schema.nodes.code_block.spec.marks).toBe('')
})

test('marks rank link, em, strong, code and may be combined', () => {
  expect(Object.keys(schema.marks)).toEqual(['link', 'em', 'strong', 'code'])
  expect(schema.marks.link.spec.inclusive).toBe(false)
  const all = Object.values(schema.marks)
  for (const a of all) for (const b of all) expect(a === b || !a.excludes(b), `${a.name} with ${b.name}`).toBe(true)
})
