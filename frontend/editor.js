// The query editor: CodeMirror over the page's textarea. The form stays what it is without this file.
//
// CodeMirror adds its styles as a <style> element to a document, which a Content-Security-Policy without
// inline styles blocks; in a shadow root it uses a constructed style sheet, which is allowed. Hence the root.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";

const field = document.getElementById("query");
const told = JSON.parse(document.getElementById("completion").textContent);

const names = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--raised)", fontSize: "0.9rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace", minHeight: "12rem", maxHeight: "60vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--code)", color: "var(--soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--raised)" },
  ".cm-completionInfo": { maxWidth: "22rem" },
});

/** Offer the ontology's terms after their prefix, and the variables of the query after a question mark. */
function complete(context) {
  const variable = context.matchBefore(/[?$]\w*/);
  if (variable) {
    const found = new Set(context.state.doc.toString().match(/[?$]\w+/g));
    found.delete(variable.text);
    return { from: variable.from, options: [...found].sort().map((label) => ({ label, type: "variable" })) };
  }
  const word = context.matchBefore(/[A-Za-z][\w-]*:?[\w-]*/);
  if (!word && !context.explicit) return null;
  return {
    from: word ? word.from : context.pos,
    options: told.terms.map((term) => ({ ...term, type: "property", apply: withPrefix })),
    validFor: /^[\w:-]*$/,
  };
}

/** Insert a term, and declare its prefix at the top where the query does not. */
function withPrefix(view, completion, from, to) {
  const prefix = completion.label.split(":")[0];
  const changes = [{ from, to, insert: completion.label }];
  const declared = new RegExp(`prefix\\s+${prefix}:`, "i").test(view.state.doc.toString());
  const head = declared || !told.prefixes[prefix] ? "" : `PREFIX ${prefix}: <${told.prefixes[prefix]}>\n`;
  if (head) changes.unshift({ from: 0, insert: head });
  view.dispatch({ changes, selection: { anchor: from + head.length + completion.label.length } });
}

/**
 * Replace a selection ourselves: a browser that does it keeps the look of what was selected by an inline
 * style, which the policy blocks and logs.
 */
function replaceSelection(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || !event.data || empty || view.composing) return false;
  event.preventDefault();
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type" });
  const handled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, event.data, insert));
  if (!handled) view.dispatch(insert());
  return true;
}

/** Mark the place that the endpoint named. */
function mark(view) {
  const { line, column, detail } = told.problem ?? {};
  if (!line || line > view.state.doc.lines) return;
  const at = view.state.doc.line(line);
  const from = Math.min(at.from + Math.max((column ?? 1) - 1, 0), at.to);
  view.dispatch(setDiagnostics(view.state, [{ from, to: at.to, severity: "error", message: detail }]));
}

const host = document.createElement("div");
host.className = "editor";
field.before(host);
const root = host.attachShadow({ mode: "open" });
const view = new EditorView({
  root,
  parent: root,
  state: EditorState.create({
    doc: field.value,
    extensions: [
      lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(),
      EditorView.lineWrapping, sparql(), syntaxHighlighting(names), look, lintGutter(),
      autocompletion({ override: [complete] }),
      EditorView.domEventHandlers({ beforeinput: replaceSelection }),
      EditorView.contentAttributes.of({ "aria-label": "Query" }),
      keymap.of([
        { key: "Mod-Enter", run: () => (field.form.requestSubmit(), true) },
        ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap,
      ]),
      EditorView.updateListener.of((update) => { if (update.docChanged) field.value = view.state.doc.toString(); }),
    ],
  }),
});
field.hidden = true;
field.addEventListener("replaced", () => {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: field.value } });
});
mark(view);
