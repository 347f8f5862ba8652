// Writes own.jsonl: our own Markdown with what the software that the editors run makes of it.
//
//   npm i markdown-it@14.2.0 prosemirror-markdown@1.13.4 prosemirror-model@1.25.7 \
//     prosemirror-tables@1.8.5 yjs@13.6.31 y-prosemirror@1.3.7 y-protocols@1.0.7
//   node make-own.mjs > own.jsonl
import MarkdownIt from 'markdown-it'
import { Schema } from 'prosemirror-model'
import { schema as basic, MarkdownParser, defaultMarkdownParser, defaultMarkdownSerializer } from 'prosemirror-markdown'
import { tableNodes } from 'prosemirror-tables'
import * as Y from 'yjs'
import { prosemirrorToYXmlFragment } from 'y-prosemirror'

// The editor's schema, where it differs from the basic one.
let nodes = basic.spec.nodes
const change = (name, spec) => { nodes = nodes.update(name, { ...nodes.get(name), ...spec }) }
change('ordered_list', { content: 'list_item+', attrs: { order: { default: 1 } } })
change('bullet_list', { attrs: {} })
change('list_item', { content: 'paragraph block*' })
change('heading', { content: 'inline*' })
nodes = nodes.append(tableNodes({ tableGroup: 'block', cellContent: 'block+', cellAttributes: { align: { default: null } } }))
const mark = (name) => basic.spec.marks.get(name)
const schema = new Schema({ nodes, marks: { link: mark('link'), em: mark('em'), strong: mark('strong'), code: mark('code') } })

const md = MarkdownIt('commonmark', { html: true }).enable('table')
const paragraph = (type, nesting) => ({ type, nesting, tag: 'p', attrGet: () => null })
const tokenizer = {
  parse (src, env) {
    const out = []
    for (const t of md.parse(src, env)) {
      if (/^t[hd]_close$/.test(t.type)) out.push(paragraph('paragraph_close', -1))
      out.push(t)
      if (/^t[hd]_open$/.test(t.type)) out.push(paragraph('paragraph_open', 1))
    }
    return out
  }
}
const align = (t) => ({ align: t.attrGet('style')?.replace('text-align:', '') ?? null })
const parser = new MarkdownParser(schema, tokenizer, {
  ...defaultMarkdownParser.tokens,
  bullet_list: { block: 'bullet_list' },
  ordered_list: { block: 'ordered_list', getAttrs: (t) => ({ order: +t.attrGet('start') || 1 }) },
  table: { block: 'table' }, thead: { ignore: true }, tbody: { ignore: true }, tr: { block: 'table_row' },
  th: { block: 'table_header', getAttrs: align }, td: { block: 'table_cell', getAttrs: align },
})

const sources = {
  empty: '', blank: ' \n\t\n', 'no final newline': 'Minutes', crlf: '# Minutes\r\n\r\nThe mayor\r\nspoke.\r\n',
  'wrapped paragraph': 'The council met\n  on Tuesday evening\nin the hall.',
  'breaks': 'First line  \nsecond line\\\n   third line', 'setext': 'Agenda\n======\n\nItems\nfor today\n---',
  'closed headings': '# One #\n\n### Three ###  \n\n#### Four \\#', 'not headings': '#One\n\n####### Seven',
  'emphasis': '*one* **two** ***three*** *a **b** c* **d *e* f**', 'underscores': '_one_ __two__ snake_case_name _a_b',
  'stray stars': '2 * 3 * 4, **, a* b*, *c', 'nested the same': '*a *b* c*', 'intraword': 'un*frigging*believable',
  'punctuation': '**"quoted"** and *(bracketed)*, **not**closed',
  'code': '`a` ``b ` c`` ` d ` `  e  ` `f\ng`', 'stray tick': 'a ` b `` c',
  'links': '[a](b) [c](<d e> "t") [f](g \'h "i"\') [j]() [k](https://ex.org/é?q=1&r=2)',
  'references': '[Bylaw 12][b] and [b] and [B][], not [c].\n\n[b]: /bylaws/12 "Noise"\n[b]: /other',
  'title over lines': '[a]: /u\n  "two\nlines"\n\n[a]', 'no definition': '[a]: /u "t" x\n\n[a]',
  'unsafe links': '[a](javascript:alert(1)) ![b](file:///c) <data:text/html,x>',
  'autolinks': '<https://ex.org/%C3%A9> <clerk@ex.org> <not a link', 'international host': '[a](https://mairie-é.example/x)',
  'brackets': '[a [b](c) d](e) [f](g [h', 'images': '![](a.png) ![alt](b.png "t") [![c](d)](e)', 'bang': 'Really!\\[a](b) no!',
  'entities': '&eacute; &amp;lt; &#233; &#xE9; &#0; &nosuch; \\&amp;', 'escapes': '\\*a\\* \\a \\\\ 1\\. \\# x',
  'bullets': '- a\n- b\n\n* c\n+ d', 'loose': '- a\n\n- b', 'nested lists': '1. a\n   - b\n     1. c\n   - d\n2. e',
  'start': '7. a\n8. b', 'parenthesis': '1) a\n2) b\n1. c', 'empty items': '-\n- a\n-', 'item after text': 'a\n- b\nc\n1. d\n2. e',
  'item with blocks': '- a\n\n  > b\n\n      code\n\n  # c', 'item without paragraph': '- # a\n- > b\n- ```\n  c\n  ```\n- ---',
  'lazy': '> a\nb\n> > c\nd\n\n- e\nf', 'quote': '> # a\n>\n> - b\n>   c\n>\n> ```\n> d\n> ```', 'quote of nothing': '>\n> \n\na',
  'tabs': '-\ta\n\n\tb\n\n>\t\tc\n\n\td\te', 'indented code': '    a\n\n      b\n    \n    c\n\nd',
  'fences': '```js\na\n```\n\n~~~~\n~~~\n~~~~\n\n```\nopen', 'indented fence': '  ```\n  a\n   b\n ```', 'spaces at the end': '~~~\na\n    ', 'fence info': '``` a b \nx\n```',
  'rules': '***\n\n- - -\n\n___\n\n--', 'rule after text': 'a\n***\nb',
  'table': '| Line | 2025 | % |\n|:--|--:|:-:|\n| Roads | $1,000 | 3 |\n| *Parks* | `a|b` |',
  'table without edges': 'a | b\n-|-\nc | d | e\nf', 'escaped pipes': '| a \\| b | c |\n|---|---|\n| `d \\| e` | \\\\| |',
  'no table': '| a |\n|---|---|\n\n| a | b |\n| - |', 'table ends': '| a |\n|---|\n| b |\n> c', 'table in item': '- x\n\n  | a |\n  |---|\n  | b |',
  'strikethrough and tasks': '~~a~~\n\n- [ ] b\n- [x] c', 'math': '$$\na_1 + b_2\n$$', 'emoji': '👍 **👍** `👍`',
  'nbsp': '\u00a0a\u00a0\n\n*\u00a0b*', 'separators': 'a\u2028b\u0085c', 'nul': 'a\0b', 'bom': '\ufeffa',
}
// The editor takes only what its serializer keeps in a second pass.
const same = (doc) => {
  if (JSON.stringify(doc.toJSON()).includes('"table"')) return true
  const out = defaultMarkdownSerializer.serialize(doc)
  return defaultMarkdownSerializer.serialize(parser.parse(out)) === out
}
for (const [name, markdown] of Object.entries(sources)) {
  const doc = parser.parse(markdown)
  const y = new Y.Doc()
  y.clientID = 1
  prosemirrorToYXmlFragment(doc, y.getXmlFragment('default'))
  const base64 = (b) => Buffer.from(b).toString('base64')
  const c = { name: 'own/' + name.replaceAll(' ', '-'), markdown, pm: doc.toJSON(), ui_guard: same(doc), yjs_update_b64: base64(Y.encodeStateAsUpdate(y)), state_vector_b64: base64(Y.encodeStateVector(y)) }
  if (!JSON.stringify(c.pm).includes('"table"')) c.markdown_out = defaultMarkdownSerializer.serialize(doc)
  console.log(JSON.stringify(c))
}
