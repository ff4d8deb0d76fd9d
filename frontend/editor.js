// The query editor: CodeMirror over the page's textarea. The form stays what it is without this file.
//
// CodeMirror adds its styles as a <style> element to a document, which a Content-Security-Policy without
// inline styles blocks; in a shadow root it uses a constructed style sheet, which is allowed. Hence the root.
import {
  acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionStatus,
  moveCompletionSelection, pickedCompletion, selectedCompletion, startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { classesOf, declared, distance, format, KEYWORDS, tokens, triplesBefore } from "./sparql_tokens.js";

const field = document.getElementById("query");
const given = JSON.parse(document.getElementById("completion").textContent);
const terms = new Map(given.terms.map((term) => [term.label, term]));
const HISTORY = "fmgraph.queries", MOST_KEPT = 20;

const names = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--raised)", fontSize: "0.9rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace", maxHeight: "60vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", minHeight: "12rem" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--code)", color: "var(--soft)", border: "none", minHeight: "12rem" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", maxWidth: "min(36rem, 92vw)" },
  ".cm-tooltip-autocomplete ul": { maxWidth: "92vw !important" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--raised)" },
  ".cm-completionInfo": { maxWidth: "22rem" },
  ".cm-completionInfo.cm-completionInfo-left-narrow, .cm-completionInfo.cm-completionInfo-right-narrow": { display: "none" }, // it would cover the options
  ".cm-tooltip-hover": { padding: "0.3rem 0.6rem", fontFamily: "system-ui, sans-serif" },
  ".cm-diagnostic": { padding: "0.3rem 0.6rem", fontFamily: "system-ui, sans-serif" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--raised)", padding: "0.25rem 0.6rem" },
});

// ---- completion

/** Ask the service for entities by name. */
async function suggestions(text, kind = "") {
  const address = `${given.suggest}?q=${encodeURIComponent(text)}${kind ? `&kind=${kind}` : ""}`;
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : [];
  } catch {
    return [];
  }
}

/** Offer terms after their prefix or by the slot, entities by name, and the query's variables. */
async function complete(context) {
  const text = context.state.doc.toString();
  const all = tokens(text);
  const at = all.find((token) => token.from < context.pos && context.pos <= token.to);
  if (at && ["comment", "string", "iri", "number"].includes(at.type)) return null;
  if (at?.type === "variable") {
    const others = new Set(all.filter((token) => token.type === "variable" && token !== at).map((token) => token.text));
    return { from: at.from, options: [...others].sort().map((label) => ({ label, type: "variable" })), validFor: /^[?$]\w*$/ };
  }
  const word = at && ["name", "word"].includes(at.type) ? at : null;
  if (!word && !context.explicit) return null;
  const typed = word ? text.slice(word.from, context.pos) : "";
  const bare = word?.type === "word";
  if (bare && !context.explicit && (typed.length < 3 || isKeyword(typed))) return null;
  const before = word ? word.from : context.pos;
  const { slot, subject, predicate } = triplesBefore(all, before);
  const prefix = word?.type === "name" ? typed.split(":")[0] : "";
  const space = prefix && (declared(all).get(prefix) ?? given.prefixes[prefix]);
  const kind = space && space.startsWith(given.base) && space.endsWith("/") ? space.slice(given.base.length, -1) : "";
  if (kind) {
    const found = await suggestions(typed.split(":")[1] || kind, kind);
    return { from: before, filter: false, options: found.map((one) => ({ label: one.label, detail: one.kind, apply: entity(one, prefix), type: "constant" })) };
  }
  const options = termsFor(slot, predicate, all, subject);
  if (word?.type === "name") return { from: before, options, validFor: /^[\w:-]*$/ };
  const found = slot !== "predicate" && typed.length > 1 ? await suggestions(typed) : [];
  if (context.aborted) return null;
  const named = found.map((one) => ({ label: one.label, detail: one.kind, apply: entity(one), type: "constant" }));
  const lower = typed.toLowerCase();
  const alike = options.filter((one) => one.label.split(":")[1].toLowerCase().includes(lower) || one.detail?.toLowerCase().includes(lower));
  const last = slot === "predicate" || afterA(predicate) ? [...alike, ...named] : [...named, ...alike];
  return last.length ? { from: before, filter: false, options: last.slice(0, 60) } : null;
}

const isKeyword = (typed) => [...KEYWORDS].some((one) => one.startsWith(typed.toUpperCase()));
const afterA = (predicate) => predicate && (predicate.text === "a" || predicate.text === "rdf:type");

/** Return the terms that fit: classes after "a", properties of the subject's class first where one goes. */
function termsFor(slot, predicate, all, subject) {
  const option = (term, boost = 0) => ({ ...term, type: term.is === "class" ? "class" : "property", apply: withPrefix, boost });
  if (slot === "object" && afterA(predicate)) return given.terms.filter((term) => term.is === "class").map((term) => option(term));
  if (slot !== "predicate") return given.terms.map((term) => option(term));
  const used = new Set(classesOf(all, subject).flatMap((one) => given.uses[one] ?? []));
  return given.terms.filter((term) => term.is === "property").map((term) => option(term, used.has(term.label) ? 20 : 0));
}

/** Insert an entity as its IRI (or after its prefix), its label as a comment at the line's end. */
function entity(one, prefix = "") {
  return (view, completion, from, to) => {
    const insert = prefix ? `${prefix}:${one.iri.split("/").pop()}` : `<${one.iri}>`;
    const line = view.state.doc.lineAt(to);
    const comment = prefix || line.text.includes("#", to - line.from) ? "" : ` # ${one.label.replace(/\s+/g, " ")}`;
    view.dispatch({
      changes: [{ from, to, insert }, { from: line.to, insert: comment }],
      selection: { anchor: from + insert.length },
      annotations: pickedCompletion.of(completion),
    });
    if (prefix) declare(view, prefix);
  };
}

/** Insert a term, and declare its prefix at the top where the query does not. */
function withPrefix(view, completion, from, to) {
  view.dispatch({ changes: { from, to, insert: completion.label }, selection: { anchor: from + completion.label.length }, annotations: pickedCompletion.of(completion) });
  declare(view, completion.label.split(":")[0]);
}

function declare(view, prefix) {
  if (!given.prefixes[prefix] || declared(tokens(view.state.doc.toString())).has(prefix)) return;
  view.dispatch({ changes: { from: 0, insert: `PREFIX ${prefix}: <${given.prefixes[prefix]}>\n` } });
}

// What is offered for a bare word is a guess: Enter takes it only after an arrow key or Ctrl+Space.
let chosen = false;
const move = (down) => (view) => {
  const done = moveCompletionSelection(down)(view);
  chosen = chosen || done;
  return done;
};
function enter(view) {
  if (completionStatus(view.state) !== "active" || !selectedCompletion(view.state)) return false;
  const place = view.state.selection.main.head;
  const at = tokens(view.state.doc.toString()).find((token) => token.from < place && place <= token.to);
  if (chosen || at?.type !== "word") return acceptCompletion(view);
  closeCompletion(view);
  return false;
}
const completionKeys = Prec.highest(keymap.of([
  { key: "Ctrl-Space", run: (view) => { chosen = true; return startCompletion(view); } },
  { key: "Escape", run: closeCompletion },
  { key: "ArrowDown", run: move(true) },
  { key: "ArrowUp", run: move(false) },
  { key: "PageDown", run: moveCompletionSelection(true, "page") },
  { key: "PageUp", run: moveCompletionSelection(false, "page") },
  { key: "Enter", run: enter },
]));

// ---- what is wrong

/** Mark what the endpoint named, terms that do not exist, and prefixes that are not declared. */
function problems(view) {
  const text = view.state.doc.toString();
  const found = [];
  const { line, column, detail } = given.problem ?? {};
  if (line && text === field.defaultValue && line <= view.state.doc.lines) {
    const row = view.state.doc.line(line);
    const start = Math.min(row.from + Math.max((column ?? 1) - 1, 0), row.to);
    const token = tokens(text).find((one) => one.from <= start && start < one.to) ?? { from: Math.max(start - 1, row.from), to: Math.max(start, row.from + 1) };
    found.push({ from: token.from, to: Math.min(token.to, text.length), severity: "error", message: detail });
  }
  const all = tokens(text);
  const known = declared(all);
  const missing = new Set();
  all.forEach((token, index) => {
    if (token.type !== "name" || /^prefix$/i.test(all[index - 1]?.text ?? "")) return;
    const [prefix, local] = [token.text.slice(0, token.text.indexOf(":")), token.text.slice(token.text.indexOf(":") + 1)];
    if (!known.has(prefix)) {
      if (missing.has(prefix)) return;
      missing.add(prefix);
      const actions = given.prefixes[prefix] ? [{ name: `Declare ${prefix}:`, apply: (one) => declare(one, prefix) }] : [];
      found.push({ from: token.from, to: token.to, severity: "error", message: `The prefix ${prefix}: is not declared.`, actions });
    } else if (known.get(prefix) === given.prefixes.fmg && local && !terms.has(`fmg:${local}`)) {
      const near = closest(local);
      const message = `${token.text}: no such term${near ? `; ${near}?` : "."}`;
      const actions = near ? [{ name: `Write ${near}`, apply: (one, from, to) => one.dispatch({ changes: { from, to, insert: `${prefix}:${near}` } }) }] : [];
      found.push({ from: token.from, to: token.to, severity: "warning", message, actions });
    }
  });
  return found;
}

function closest(local) {
  const [best] = given.terms.filter((term) => term.label.startsWith("fmg:")).map((term) => term.label.slice(4))
    .map((name) => [distance(local.toLowerCase(), name.toLowerCase()), name]).sort(([a], [b]) => a - b);
  return best && best[0] <= Math.max(2, local.length / 3) ? best[1] : "";
}

/** Say what a term or an entity is, under the pointer. */
const hover = hoverTooltip(async (view, place) => {
  const token = tokens(view.state.doc.toString()).find((one) => one.from <= place && place < one.to);
  if (!token || !["name", "iri"].includes(token.type)) return null;
  let words = "";
  if (terms.has(token.text)) words = [terms.get(token.text).detail, terms.get(token.text).info].filter(Boolean).join(": ");
  else {
    const prefix = token.text.slice(0, token.text.indexOf(":"));
    const iri = token.type === "iri" ? token.text.slice(1, -1) : (given.prefixes[prefix] ?? "") + token.text.slice(prefix.length + 1);
    if (!iri.startsWith(given.base) || iri.includes("#")) return null;
    const [one] = await suggestions(iri);
    words = one ? [one.label, one.kind, one.title].filter(Boolean).join(" · ") : "Nothing here has this IRI.";
  }
  return { pos: token.from, end: token.to, above: true, create: () => ({ dom: Object.assign(document.createElement("div"), { textContent: words }) }) };
});

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

// ---- the editor and what stands around it

/** Put a whole query in place of what is there; Ctrl+Z brings that back. */
function put(text) {
  remember(view.state.doc.toString());
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 }, annotations: isolateHistory.of("full") });
  view.focus();
}

function kept() {
  try { return JSON.parse(localStorage.getItem(HISTORY)) ?? []; } catch { return []; }
}

function remember(text) {
  if (!text.trim()) return;
  try {
    localStorage.setItem(HISTORY, JSON.stringify([text, ...kept().filter((one) => one !== text)].slice(0, MOST_KEPT)));
  } catch { /* no room, or not allowed: there is no history then */ }
  showHistory();
}

function showHistory() {
  const box = document.getElementById("history");
  const list = kept();
  box.hidden = !list.length;
  box.querySelector("ul").replaceChildren(...list.map((text) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "past" });
    button.textContent = text.replace(/^\s*(PREFIX|BASE)\b.*$/gim, "").replace(/\s+/g, " ").trim().slice(0, 120) || text.slice(0, 120);
    button.addEventListener("click", () => put(text));
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  }));
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
      completionKeys,
      lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(),
      EditorView.lineWrapping, sparql(), syntaxHighlighting(names), look, lintGutter(), linter(problems, { delay: 300 }), hover,
      autocompletion({ override: [complete], icons: false, defaultKeymap: false, activateOnTypingDelay: 60, interactionDelay: 0 }),
      EditorView.domEventHandlers({ beforeinput: replaceSelection }),
      EditorView.contentAttributes.of({ "aria-label": "Query" }),
      keymap.of([
        { key: "Mod-Enter", run: () => (field.form.requestSubmit(), true) },
        { key: "Shift-Alt-f", run: () => (layOut(), true) },
        ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (completionStatus(update.state) === null && completionStatus(update.startState) !== null) chosen = false;
        if (!update.docChanged) return;
        field.value = view.state.doc.toString();
        const old = document.getElementById("old-results");
        if (old) old.hidden = field.value === field.defaultValue;
      }),
    ],
  }),
});
field.hidden = true;
host.addEventListener("mousedown", (event) => { if (event.target === host) view.focus(); });

function layOut() {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: format(view.state.doc.toString()) } });
}
const button = document.getElementById("lay-out");
button.hidden = false;
button.addEventListener("click", layOut);
document.getElementById("pick")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = document.getElementById("named");
  if (value) put(value);
});
field.form.addEventListener("submit", () => remember(field.value));
showHistory();
forceLinting(view);
