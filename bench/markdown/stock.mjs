// The pipeline that CivicPress's Node module uses, rebuilt from its published facts on the stock packages: markdown-it
// into ProseMirror nodes into a Yjs fragment, and back through prosemirror-markdown. It speaks JSON lines:
//   {"op":"roundtrip","markdown":s}           -> {"markdown":s}        parsed and written, nothing edited
//   {"op":"render","pm":doc}                  -> {"markdown":s}        a ProseMirror document written
//   {"op":"time","markdown":s,"rounds":n}     -> {"seed_ms":[..],"render_ms":[..]}
import { createInterface } from 'node:readline'
import MarkdownIt from 'markdown-it'
import { Schema } from 'prosemirror-model'
import { MarkdownParser, MarkdownSerializer, defaultMarkdownParser, defaultMarkdownSerializer, schema as stock } from 'prosemirror-markdown'
import { prosemirrorToYXmlFragment, yXmlFragmentToProseMirrorRootNode } from 'y-prosemirror'
import * as Y from 'yjs'

const cellAttrs = { colspan: { default: 1 }, rowspan: { default: 1 }, colwidth: { default: null }, align: { default: null } }
const listItem = { content: 'paragraph block*', defining: true }
const nodes = stock.spec.nodes
  .update('heading', { ...stock.spec.nodes.get('heading'), content: 'inline*' })
  .update('bullet_list', { content: 'list_item+', group: 'block' })
  .update('ordered_list', { content: 'list_item+', group: 'block', attrs: { order: { default: 1 } } })
  .update('list_item', listItem)
  .append({
    table: { content: 'table_row+', group: 'block', isolating: true, tableRole: 'table' },
    table_row: { content: '(table_cell | table_header)*', tableRole: 'row' },
    table_cell: { content: 'block+', attrs: cellAttrs, isolating: true },
    table_header: { content: 'block+', attrs: cellAttrs, isolating: true },
    civicRef: { group: 'inline', inline: true, atom: true, attrs: { refType: { default: 'record' }, id: { default: '' }, label: { default: '' } } }
  })
const marks = Object.fromEntries(['link', 'em', 'strong', 'code'].map(name => [name, stock.spec.marks.get(name)]))
const schema = new Schema({ nodes, marks })

const md = MarkdownIt('commonmark', { html: true }).enable('table')
// A cell of the schema holds blocks, a cell of markdown-it inline tokens.
md.core.ruler.push('cells', state => {
  const out = []
  for (const t of state.tokens) {
    if (/^t[hd]_close$/.test(t.type)) out.push(new state.Token('paragraph_close', 'p', -1))
    out.push(t)
    if (/^t[hd]_open$/.test(t.type)) out.push(new state.Token('paragraph_open', 'p', 1))
  }
  state.tokens = out
})
const cell = name => ({ block: name, getAttrs: t => ({ align: /text-align:(\w+)/.exec(t.attrGet('style') || '')?.[1] ?? null }) })
const parser = new MarkdownParser(schema, md, {
  ...defaultMarkdownParser.tokens,
  bullet_list: { block: 'bullet_list' },
  ordered_list: { block: 'ordered_list', getAttrs: t => ({ order: +t.attrGet('start') || 1 }) },
  table: { block: 'table' }, tr: { block: 'table_row' }, th: cell('table_header'), td: cell('table_cell'),
  thead: { ignore: true }, tbody: { ignore: true }, html_block: { ignore: true, noCloseToken: true }, html_inline: { ignore: true, noCloseToken: true }
})
const refPattern = /^<!--civic-ref\s+type="([^"]+)"\s+id="([^"]+)"\s+label="([^"]*)"\s*-->$/
parser.tokenHandlers.html_inline = (state, tok) => {
  const m = refPattern.exec(tok.content)
  const refType = m && ['geography', 'attachment'].includes(m[1]) ? m[1] : 'record'
  if (m) state.addNode(schema.nodes.civicRef, { refType, id: m[2], label: m[3].replaceAll('&quot;', '"').replaceAll('&#45;&#45;', '--') })
}

const escapeRef = s => s.replaceAll('"', '&quot;').replaceAll('--', '&#45;&#45;')
const serializer = new MarkdownSerializer({
  ...defaultMarkdownSerializer.nodes,
  bullet_list (state, node) { state.renderList(node, '  ', () => '* ') },
  table (state, node) {
    node.forEach((row, _, i) => {
      const cells = []
      row.forEach(c => cells.push(inCell(c)))
      if (i > 0) state.ensureNewLine()
      state.write('| ' + cells.join(' | ') + ' |')
      if (i > 0) return
      state.ensureNewLine()
      const dashes = []
      row.forEach(c => dashes.push({ left: ':--', center: ':-:', right: '--:' }[c.attrs.align] ?? '---'))
      state.write('| ' + dashes.join(' | ') + ' |')
    })
    state.closeBlock(node)
  },
  civicRef (state, node) {
    const { refType, id, label } = node.attrs
    state.write(`<!--civic-ref type="${escapeRef(refType)}" id="${escapeRef(id)}" label="${escapeRef(label)}"-->`)
  }
}, defaultMarkdownSerializer.marks)
const inCell = c => {
  const parts = []
  c.forEach(block => parts.push(serializer.serialize(schema.node('doc', null, [block]))))
  return parts.join('').replaceAll('\n', ' ').trim().replaceAll('|', '\\|')
}

function seed (markdown) {
  const doc = new Y.Doc()
  const fragment = doc.getXmlFragment('default')
  prosemirrorToYXmlFragment(parser.parse(markdown), fragment)
  return fragment
}
const render = fragment => serializer.serialize(yXmlFragmentToProseMirrorRootNode(fragment, schema))
const ms = f => { const t = process.hrtime.bigint(); const v = f(); return [v, Number(process.hrtime.bigint() - t) / 1e6] }

const ops = {
  roundtrip: q => ({ markdown: render(seed(q.markdown)) }),
  render: q => ({ markdown: serializer.serialize(schema.nodeFromJSON(q.pm)) }),
  time: q => {
    const a = { seed_ms: [], render_ms: [] }
    for (let i = 0; i < q.rounds; i++) {
      const [fragment, s] = ms(() => seed(q.markdown))
      const [, r] = ms(() => render(fragment))
      a.seed_ms.push(s); a.render_ms.push(r)
    }
    return a
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  let a
  try { const q = JSON.parse(line); a = ops[q.op](q) } catch (e) { a = { error: String(e.message) } }
  process.stdout.write(JSON.stringify(a) + '\n')
}
