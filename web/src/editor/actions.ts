import type { ChainedCommands, Editor } from '@tiptap/core'
import type { Command } from '@tiptap/pm/state'
import { addColumnAfter, addColumnBefore, addRowAfter, addRowBefore, deleteColumn, deleteRow, deleteTable, isInTable } from '@tiptap/pm/tables'
import { yUndoPluginKey } from '@tiptap/y-tiptap'
import { ask } from '../dialog'
import type { IconName } from '../icons'
import { alignColumns, columnAlignment, insertTable } from './tables'

/** Something the toolbar offers. */
export interface Action {
  label: string
  /** A letter or two, or an icon. */
  face: string | { icon: IconName }
  keys?: string
  run(editor: Editor): unknown
  active?(editor: Editor): boolean
  enabled?(editor: Editor): boolean
}

export interface Group {
  label: string
  /** Shown only where it can be used. */
  when?(editor: Editor): boolean
  actions: Action[]
}

/** A chain of commands on the editor, focused at once: TipTap's own focus waits for a frame, and loses what is typed meanwhile. */
function focused(editor: Editor): ChainedCommands {
  editor.view.focus()
  return editor.chain()
}

const command = (run: Command) => ({
  run: (editor: Editor) => {
    run(editor.state, editor.view.dispatch, editor.view)
    editor.view.focus()
  },
  enabled: (editor: Editor) => run(editor.state),
})

const mark = (name: string, label: string, face: Action['face'], keys: string): Action => ({
  label,
  face,
  keys,
  run: (editor) => focused(editor).toggleMark(name).run(),
  active: (editor) => editor.isActive(name),
  enabled: (editor) => editor.can().toggleMark(name),
})

const heading = (level: number): Action => ({
  label: `Heading ${level}`,
  face: `H${level}`,
  keys: `Mod-Alt-${level}`,
  run: (editor) => focused(editor).toggleNode('heading', 'paragraph', { level }).run(),
  active: (editor) => editor.isActive('heading', { level }),
})

const list = (name: string, label: string, icon: IconName, keys: string): Action => ({
  label,
  face: { icon },
  keys,
  run: (editor) => focused(editor).toggleList(name, 'list_item').run(),
  active: (editor) => editor.isActive(name),
})

const history = (name: 'undo' | 'redo', label: string, keys: string): Action => ({
  label,
  face: { icon: name },
  keys,
  run: (editor) => focused(editor)[name]().run(),
  enabled: (editor) => {
    const manager = yUndoPluginKey.getState(editor.state)?.undoManager
    return (manager?.[`${name}Stack`].length ?? 0) > 0
  },
})

async function editLink(editor: Editor): Promise<void> {
  editor.commands.extendMarkRange('link')
  const { from, to, empty } = editor.state.selection
  const before = editor.getAttributes('link')
  const answer = await ask(
    before.href ? 'Change the link' : 'Add a link',
    [
      { name: 'href', label: 'Address', value: before.href ?? '', required: true, hint: 'https://… or another record' },
      ...(empty ? [{ name: 'text', label: 'Text', required: true }] : []),
    ],
    before.href ? 'Change' : 'Add',
    before.href ? 'Remove link' : '',
  )
  if (editor.isDestroyed) return // the page was left, or the record loaded anew, behind the dialog
  const chain = focused(editor)
  if (answer === 'remove') chain.setTextSelection({ from, to }).unsetMark('link').run()
  else if (answer && empty) {
    chain.insertContent({ type: 'text', text: answer.text, marks: [{ type: 'link', attrs: { href: answer.href } }] }).run()
  } else if (answer) chain.setMark('link', { href: answer.href, title: before.title ?? null }).run()
  else chain.run()
}

async function insertImage(editor: Editor): Promise<void> {
  const answer = await ask(
    'Add an image',
    [
      { name: 'src', label: 'Address of the image', required: true, hint: 'https://…' },
      { name: 'alt', label: 'What it shows (for people who cannot see it)', required: true },
    ],
    'Add',
  )
  if (editor.isDestroyed) return
  const chain = focused(editor)
  if (answer && answer !== 'remove') chain.insertContent({ type: 'image', attrs: answer }).run()
}

async function newTable(editor: Editor): Promise<void> {
  const answer = await ask(
    'Add a table',
    [
      { name: 'rows', label: 'Rows, with the heading', type: 'number', value: '3', min: 2, max: 50, required: true },
      { name: 'columns', label: 'Columns', type: 'number', value: '3', min: 1, max: 12, required: true },
    ],
    'Add',
  )
  if (editor.isDestroyed) return
  editor.view.focus()
  if (answer && answer !== 'remove') insertTable(Number(answer.rows), Number(answer.columns))(editor.state, editor.view.dispatch)
}

const align = (where: 'left' | 'center' | 'right', icon: IconName): Action => ({
  label: `Align the column ${where === 'center' ? 'in the middle' : where}`,
  face: { icon },
  ...command(alignColumns(where)),
  active: (editor) => columnAlignment(editor.state) === where,
})

const inList = (editor: Editor) => editor.isActive('list_item')
const inTable = (editor: Editor) => isInTable(editor.state)

export const groups: Group[] = [
  { label: 'History', actions: [history('undo', 'Undo', 'Mod-z'), history('redo', 'Redo', 'Mod-Shift-z')] },
  { label: 'Headings', actions: [heading(1), heading(2), heading(3)] },
  {
    label: 'Text',
    actions: [
      mark('strong', 'Bold', 'B', 'Mod-b'),
      mark('em', 'Italic', 'I', 'Mod-i'),
      mark('code', 'Code', { icon: 'code' }, 'Mod-e'),
      {
        label: 'Link',
        face: { icon: 'link' },
        run: editLink,
        active: (editor) => editor.isActive('link'),
        enabled: (editor) => !editor.isActive('code_block'),
      },
    ],
  },
  {
    label: 'Lists',
    actions: [
      list('bullet_list', 'Bulleted list', 'bullets', 'Mod-Shift-8'),
      list('ordered_list', 'Numbered list', 'numbers', 'Mod-Shift-7'),
      {
        label: 'Indent the item',
        face: { icon: 'indent' },
        keys: 'Mod-]',
        run: (editor) => focused(editor).sinkListItem('list_item').run(),
        enabled: (editor) => inList(editor) && editor.can().sinkListItem('list_item'),
      },
      {
        label: 'Outdent the item',
        face: { icon: 'outdent' },
        keys: 'Mod-[',
        run: (editor) => focused(editor).liftListItem('list_item').run(),
        enabled: (editor) => inList(editor) && editor.can().liftListItem('list_item'),
      },
    ],
  },
  {
    label: 'Blocks',
    actions: [
      {
        label: 'Quotation',
        face: { icon: 'quote' },
        keys: 'Mod-Shift-9',
        run: (editor) => focused(editor).toggleWrap('blockquote').run(),
        active: (editor) => editor.isActive('blockquote'),
      },
      {
        label: 'Code block',
        face: { icon: 'codeblock' },
        run: (editor) => focused(editor).toggleNode('code_block', 'paragraph').run(),
        active: (editor) => editor.isActive('code_block'),
      },
      {
        label: 'Horizontal rule',
        face: { icon: 'rule' },
        run: (editor) => focused(editor).insertContent({ type: 'horizontal_rule' }).run(),
      },
      { label: 'Image', face: { icon: 'image' }, run: insertImage, enabled: (editor) => !editor.isActive('code_block') },
      { label: 'Table', face: { icon: 'table' }, run: newTable, enabled: (editor) => !inTable(editor) },
    ],
  },
  {
    label: 'Table',
    when: inTable,
    actions: [
      { label: 'Row above', face: { icon: 'rowAbove' }, ...command(addRowBefore) },
      { label: 'Row below', face: { icon: 'rowBelow' }, ...command(addRowAfter) },
      { label: 'Column to the left', face: { icon: 'columnLeft' }, ...command(addColumnBefore) },
      { label: 'Column to the right', face: { icon: 'columnRight' }, ...command(addColumnAfter) },
      align('left', 'alignLeft'),
      align('center', 'alignCenter'),
      align('right', 'alignRight'),
      { label: 'Delete the row', face: { icon: 'rowDelete' }, ...command(deleteRow) },
      { label: 'Delete the column', face: { icon: 'columnDelete' }, ...command(deleteColumn) },
      { label: 'Delete the table', face: { icon: 'tableDelete' }, ...command(deleteTable) },
    ],
  },
]
