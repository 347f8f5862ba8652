import { Extension, Mark, Node, mergeAttributes, type Attribute } from '@tiptap/core'

// The document schema of CivicPress. Names, attributes, defaults and order are those that documents in the archive and
// editors in the field have; changing any of them changes what other people's editors delete as unknown.

const hidden: Partial<Attribute> = { rendered: false }

// Said for each attribute that is text: TipTap makes a number of what looks like one, and an image called "2024" is not 2024.
const text = (name: string): Partial<Attribute> => ({ parseHTML: (dom) => dom.getAttribute(name) })

/** What Markdown has and the schema has not: the server carries it in a code block or a link of this name, byte for byte. */
const raw = 'civicpress:markdown'

export const Doc = Node.create({ name: 'doc', topNode: true, content: 'block+' })

export const Paragraph = Node.create({
  name: 'paragraph',
  group: 'block',
  content: 'inline*',
  parseHTML: () => [{ tag: 'p' }],
  renderHTML: () => ['p', 0],
})

export const Blockquote = Node.create({
  name: 'blockquote',
  group: 'block',
  content: 'block+',
  defining: true,
  parseHTML: () => [{ tag: 'blockquote' }],
  renderHTML: () => ['blockquote', 0],
})

export const HorizontalRule = Node.create({
  name: 'horizontal_rule',
  group: 'block',
  parseHTML: () => [{ tag: 'hr' }],
  renderHTML: () => ['div', { class: 'rule' }, ['hr']],
})

const levels = [1, 2, 3, 4, 5, 6]

export const Heading = Node.create({
  name: 'heading',
  group: 'block',
  content: 'inline*',
  defining: true,
  addAttributes: () => ({ level: { default: 1, validate: 'number', ...hidden } }),
  parseHTML: () => levels.map((level) => ({ tag: `h${level}`, attrs: { level } })),
  renderHTML: ({ node }) => [`h${levels.includes(Number(node.attrs.level)) ? Number(node.attrs.level) : 6}`, 0],
})

export const CodeBlock = Node.create({
  name: 'code_block',
  group: 'block',
  content: 'text*',
  marks: '',
  code: true,
  defining: true,
  addAttributes: () => ({
    params: { default: '', parseHTML: (dom: HTMLElement) => dom.dataset.params ?? '', ...hidden },
  }),
  parseHTML: () => [{ tag: 'pre', preserveWhitespace: 'full' }],
  renderHTML: ({ node: { attrs } }) => [
    'pre',
    { ...(attrs.params ? { 'data-params': attrs.params } : {}), ...(attrs.params === raw ? { class: 'raw', 'data-note': 'Markdown, kept as it is' } : {}) },
    ['code', 0],
  ],
})

export const Text = Node.create({ name: 'text', group: 'inline' })

export const Image = Node.create({
  name: 'image',
  group: 'inline',
  inline: true,
  draggable: true,
  addAttributes: () => ({
    src: { isRequired: true, validate: 'string', ...text('src') },
    alt: { default: null, validate: 'string|null', ...text('alt') },
    title: { default: null, validate: 'string|null', ...text('title') },
  }),
  parseHTML: () => [{ tag: 'img[src]' }],
  renderHTML: ({ HTMLAttributes }) => ['img', mergeAttributes(HTMLAttributes, { loading: 'lazy' })],
})

export const HardBreak = Node.create({
  name: 'hard_break',
  group: 'inline',
  inline: true,
  selectable: false,
  parseHTML: () => [{ tag: 'br' }],
  renderHTML: () => ['br'],
  renderText: () => '\n',
})

export const OrderedList = Node.create({
  name: 'ordered_list',
  group: 'block',
  content: 'list_item+',
  addAttributes: () => ({
    order: { default: 1, validate: 'number', parseHTML: (dom: HTMLElement) => Number(dom.getAttribute('start') ?? 1), ...hidden },
  }),
  parseHTML: () => [{ tag: 'ol' }],
  renderHTML: ({ node }) => ['ol', node.attrs.order === 1 ? {} : { start: node.attrs.order }, 0],
})

export const BulletList = Node.create({
  name: 'bullet_list',
  group: 'block',
  content: 'list_item+',
  parseHTML: () => [{ tag: 'ul' }],
  renderHTML: () => ['ul', 0],
})

export const ListItem = Node.create({
  name: 'list_item',
  content: 'paragraph block*',
  defining: true,
  parseHTML: () => [{ tag: 'li' }],
  renderHTML: () => ['li', 0],
})

export const Table = Node.create({
  name: 'table',
  group: 'block',
  content: 'table_row+',
  isolating: true,
  parseHTML: () => [{ tag: 'table' }],
  renderHTML: () => ['div', { class: 'table-frame' }, ['table', ['tbody', 0]]],
})

export const TableRow = Node.create({
  name: 'table_row',
  content: '(table_cell | table_header)*',
  parseHTML: () => [{ tag: 'tr' }],
  renderHTML: () => ['tr', 0],
})

const alignments = ['left', 'center', 'right']
const span = (name: string) => ({
  default: 1,
  parseHTML: (dom: HTMLElement) => Number(dom.getAttribute(name) ?? 1),
  renderHTML: (attrs: Record<string, unknown>) => (attrs[name] === 1 ? {} : { [name]: attrs[name] }),
})

const cellAttributes = () => ({
  colspan: span('colspan'),
  rowspan: span('rowspan'),
  colwidth: { default: null, ...hidden },
  align: {
    default: null,
    parseHTML: (dom: HTMLElement) => {
      const align = dom.dataset.align ?? dom.getAttribute('align') ?? dom.style.textAlign
      return alignments.includes(align) ? align : null
    },
    renderHTML: (attrs: Record<string, unknown>) => (attrs.align ? { 'data-align': attrs.align } : {}),
  },
})

export const TableCell = Node.create({
  name: 'table_cell',
  content: 'block+',
  isolating: true,
  addAttributes: cellAttributes,
  parseHTML: () => [{ tag: 'td' }],
  renderHTML: ({ HTMLAttributes }) => ['td', HTMLAttributes, 0],
})

export const TableHeader = Node.create({
  name: 'table_header',
  content: 'block+',
  isolating: true,
  addAttributes: cellAttributes,
  parseHTML: () => [{ tag: 'th' }],
  renderHTML: ({ HTMLAttributes }) => ['th', HTMLAttributes, 0],
})

/** A reference to another record, a geography file or an attachment; in Markdown an HTML comment. */
export const CivicRef = Node.create({
  name: 'civicRef',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes: () => ({
    refType: { default: 'record', parseHTML: (dom: HTMLElement) => dom.dataset.refType ?? 'record', ...hidden },
    id: { default: '', parseHTML: (dom: HTMLElement) => dom.dataset.refId ?? '', ...hidden },
    label: { default: '', parseHTML: (dom: HTMLElement) => dom.textContent ?? '', ...hidden },
  }),
  parseHTML: () => [{ tag: 'span[data-civic-ref]' }],
  renderHTML: ({ node }) => [
    'span',
    {
      class: 'civic-ref',
      'data-civic-ref': '',
      'data-ref-type': node.attrs.refType,
      'data-ref-id': node.attrs.id,
      title: `${node.attrs.refType}: ${node.attrs.id}`,
    },
    String(node.attrs.label || node.attrs.id),
  ],
  renderText: ({ node }) => String(node.attrs.label || node.attrs.id),
})

const safeLink = /^(https?:|mailto:|tel:|[^:]*$|[./#?])/i

export const Link = Mark.create({
  name: 'link',
  inclusive: false,
  addAttributes: () => ({
    href: {
      isRequired: true,
      validate: 'string',
      parseHTML: (dom: HTMLElement) => (dom.classList.contains('raw') ? raw : dom.getAttribute('href')),
    },
    title: { default: null, validate: 'string|null', ...text('title') },
  }),
  parseHTML: () => [{ tag: 'a[href]' }, { tag: 'span.raw' }],
  renderHTML: ({ mark: { attrs } }) =>
    attrs.href === raw
      ? ['span', { class: 'raw' }, 0]
      : [
          'a',
          {
            // What a record holds is kept; what a browser would run is not made clickable.
            ...(safeLink.test(String(attrs.href)) ? { href: attrs.href } : {}),
            ...(attrs.title ? { title: attrs.title } : {}),
            rel: 'noopener noreferrer',
            target: '_blank',
          },
          0,
        ],
})

export const Emphasis = Mark.create({
  name: 'em',
  parseHTML: () => [{ tag: 'em' }, { tag: 'i' }, { style: 'font-style=italic' }],
  renderHTML: () => ['em', 0],
})

export const Strong = Mark.create({
  name: 'strong',
  parseHTML: () => [
    { tag: 'strong' },
    // Text copied from some word processors comes wrapped in <b style="font-weight: normal">.
    { tag: 'b', getAttrs: (dom) => (dom.style.fontWeight === 'normal' ? false : null) },
    { style: 'font-weight', getAttrs: (value) => (/^(bold|bolder|[5-9]\d\d)$/.test(String(value)) ? null : false) },
  ],
  renderHTML: () => ['strong', 0],
})

export const Code = Mark.create({
  name: 'code',
  parseHTML: () => [{ tag: 'code' }],
  renderHTML: () => ['code', 0],
})

const tableRoles: Record<string, string> = {
  table: 'table',
  table_row: 'row',
  table_cell: 'cell',
  table_header: 'header_cell',
}

/** Tells prosemirror-tables which nodes are which. */
const TableRoles = Extension.create({
  name: 'tableRoles',
  extendNodeSchema: (extension) => (tableRoles[extension.name] ? { tableRole: tableRoles[extension.name] } : {}),
})

/** All of it, in the order that gives nodes and marks their rank. */
export const civicSchema = [
  TableRoles,
  Doc,
  Paragraph,
  Blockquote,
  HorizontalRule,
  Heading,
  CodeBlock,
  Text,
  Image,
  HardBreak,
  OrderedList,
  BulletList,
  ListItem,
  Table,
  TableRow,
  TableCell,
  TableHeader,
  CivicRef,
  Link,
  Emphasis,
  Strong,
  Code,
]
