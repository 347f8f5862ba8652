import { Editor, Extension } from '@tiptap/core'
import Collaboration from '@tiptap/extension-collaboration'
import CollaborationCaret from '@tiptap/extension-collaboration-caret'
import { dropCursor } from '@tiptap/pm/dropcursor'
import { gapCursor } from '@tiptap/pm/gapcursor'
import type { Room } from '../live/room'
import { colourOf, renderCaret } from './carets'
import { Keys } from './keys'
import { civicSchema } from './schema'
import { TableEditing } from './tables'

const Cursors = Extension.create({
  name: 'cursors',
  addProseMirrorPlugins: () => [dropCursor({ width: 2, class: 'drop-cursor', color: false }), gapCursor()],
})

export interface EditorOptions {
  element: HTMLElement
  room: Room
  user: { id: number; name: string }
  editable: boolean
  onChange(editor: Editor): void
}

/** The editor over a room's document. It sets no content itself: the document comes from the server. */
export function createEditor({ element, room, user, editable, onChange }: EditorOptions): Editor {
  return new Editor({
    element,
    editable,
    injectCSS: false, // the page's policy allows its own style sheets only
    extensions: [
      ...civicSchema,
      Keys,
      TableEditing,
      Cursors,
      Collaboration.configure({ document: room.doc, field: 'default' }),
      CollaborationCaret.configure({
        provider: room.provider,
        user: { id: String(user.id), name: user.name, color: colourOf(String(user.id)) },
        render: renderCaret,
      }),
    ],
    editorProps: {
      // The caret must not hide under the head of the page, which stays in sight.
      scrollThreshold: { top: 170, bottom: 40, left: 0, right: 0 },
      scrollMargin: { top: 180, bottom: 60, left: 5, right: 5 },
      attributes: { class: 'prose', role: 'textbox', 'aria-multiline': 'true', 'aria-label': 'Text of the record', spellcheck: 'true' },
    },
    onTransaction: ({ editor }) => onChange(editor),
    onFocus: ({ editor }) => onChange(editor),
    onBlur: ({ editor }) => onChange(editor),
  })
}
