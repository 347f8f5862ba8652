import { Extension } from '@tiptap/core'
import type { Attrs, Node as ProseMirrorNode } from '@tiptap/pm/model'
import { Plugin, TextSelection, type Command, type Transaction } from '@tiptap/pm/state'
import { goToNextCell, isInTable, selectedRect, tableEditing } from '@tiptap/pm/tables'
import { ySyncPluginKey } from '@tiptap/y-tiptap'

/** A table with a header row and an empty body, caret in the first cell. */
export const insertTable =
  (rows: number, columns: number): Command =>
  (state, dispatch) => {
    const { table, table_row, table_header, table_cell } = state.schema.nodes
    if (isInTable(state)) return false // Markdown has no table inside a table
    const row = (cell: typeof table_cell) =>
      table_row.create(null, Array.from({ length: columns }, () => cell.createAndFill() as ProseMirrorNode))
    const node = table.create(null, [row(table_header), ...Array.from({ length: rows - 1 }, () => row(table_cell))])
    if (dispatch) {
      const tr = state.tr.replaceSelectionWith(node)
      const start = tr.mapping.map(state.selection.from, -1)
      tr.setSelection(TextSelection.near(tr.doc.resolve(start + 1)))
      dispatch(tr.scrollIntoView())
    }
    return true
  }

/** Aligns whole columns: Markdown knows no other alignment. */
export const alignColumns =
  (align: 'left' | 'center' | 'right'): Command =>
  (state, dispatch) => {
    if (!isInTable(state)) return false
    const rect = selectedRect(state)
    const cells = rect.map.cellsInRect({ left: rect.left, right: rect.right, top: 0, bottom: rect.map.height })
    const attrsAt = (pos: number): Attrs => rect.table.nodeAt(pos)?.attrs ?? {}
    const value = cells.every((pos) => attrsAt(pos).align === align) ? null : align // a second press takes it back
    if (dispatch) {
      const tr = state.tr
      for (const pos of cells) tr.setNodeMarkup(rect.tableStart + pos, null, { ...attrsAt(pos), align: value })
      dispatch(tr)
    }
    return true
  }

/** The alignment of the column the caret is in. */
export function columnAlignment(state: Parameters<Command>[0]): string | null {
  if (!isInTable(state)) return null
  const rect = selectedRect(state)
  return rect.table.nodeAt(rect.map.map[rect.left])?.attrs.align ?? null
}

/**
 * Cell selection, Tab between cells, and repair of tables that an edit has made uneven. The repair runs after edits made
 * here only: on opening a record it would be an edit that nobody made.
 */
export const TableEditing = Extension.create({
  name: 'tableEditing',
  priority: 90,
  addKeyboardShortcuts() {
    const move = (direction: 1 | -1) => () => this.editor.commands.command(({ state, dispatch }) => goToNextCell(direction)(state, dispatch))
    return { Tab: move(1), 'Shift-Tab': move(-1) }
  },
  addProseMirrorPlugins() {
    const plugin = tableEditing()
    const repair = plugin.spec.appendTransaction
    const remote = (tr: Transaction) => tr.docChanged && tr.getMeta(ySyncPluginKey) !== undefined
    return [
      new Plugin({
        ...plugin.spec,
        appendTransaction(transactions, before, after) {
          if (transactions.some(remote)) return null
          return repair?.call(plugin, transactions, before, after) ?? null
        },
      }),
    ]
  },
})
