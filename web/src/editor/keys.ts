import { Extension, InputRule, textblockTypeInputRule, wrappingInputRule, type Editor } from '@tiptap/core'

const insertBreak = (editor: Editor) =>
  editor.commands.first(({ commands }) => [
    () => commands.exitCode(),
    () => commands.insertContent({ type: 'hard_break' }),
  ])

/** The keys clerks know from CivicPress, and what may be typed at the start of a line as in Markdown. */
export const Keys = Extension.create({
  name: 'keys',
  addKeyboardShortcuts() {
    const { editor } = this
    const list = (name: string) => () => editor.commands.toggleList(name, 'list_item')
    return {
      'Mod-b': () => editor.commands.toggleMark('strong'),
      'Mod-i': () => editor.commands.toggleMark('em'),
      'Mod-e': () => editor.commands.toggleMark('code'),
      'Mod-Alt-0': () => editor.commands.setNode('paragraph'),
      'Mod-Alt-1': () => editor.commands.toggleNode('heading', 'paragraph', { level: 1 }),
      'Mod-Alt-2': () => editor.commands.toggleNode('heading', 'paragraph', { level: 2 }),
      'Mod-Alt-3': () => editor.commands.toggleNode('heading', 'paragraph', { level: 3 }),
      'Mod-Shift-7': list('ordered_list'),
      'Mod-Shift-8': list('bullet_list'),
      'Mod-Shift-9': () => editor.commands.toggleWrap('blockquote'),
      'Mod-]': () => editor.commands.sinkListItem('list_item'),
      'Mod-[': () => editor.commands.liftListItem('list_item'),
      Enter: () => editor.commands.splitListItem('list_item'),
      'Shift-Enter': () => insertBreak(editor),
      'Mod-Enter': () => insertBreak(editor),
    }
  },
  addInputRules() {
    const { nodes } = this.editor.schema
    return [
      textblockTypeInputRule({
        find: /^(#{1,6})\s$/,
        type: nodes.heading,
        getAttributes: (match) => ({ level: match[1].length }),
      }),
      textblockTypeInputRule({ find: /^```(\S*)\s$/, type: nodes.code_block, getAttributes: (match) => ({ params: match[1] }) }),
      wrappingInputRule({ find: /^>\s$/, type: nodes.blockquote }),
      wrappingInputRule({ find: /^[-+*]\s$/, type: nodes.bullet_list }),
      wrappingInputRule({
        find: /^(\d+)\.\s$/,
        type: nodes.ordered_list,
        getAttributes: (match) => ({ order: Number(match[1]) }),
        joinPredicate: (match, node) => node.childCount + Number(node.attrs.order) === Number(match[1]),
      }),
      new InputRule({
        find: /^---$/,
        handler: ({ state, range }) => {
          const line = state.doc.resolve(range.from)
          if (line.depth === 0 || !line.parent.isTextblock) return
          state.tr.replaceRangeWith(line.before(), line.after(), nodes.horizontal_rule.create()).insert(
            line.before() + 1,
            nodes.paragraph.create(),
          )
        },
      }),
    ]
  },
})
