// Suggestions under boxes that take a name (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).
// A box with data-go leads to the thing chosen, another one takes its name. Without this file they are plain boxes.
let number = 0;

// Where no service runs, the names of all things are one file, and the likeness of names is looked at here.
const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
const pairs = (text) => new Set([...text].slice(1).map((letter, index) => text[index] + letter));
let all = null;
async function fromFile(address, text, kinds) {
  all ??= fetch(address).then((answer) => answer.json());
  const asked = plain(text), of = pairs(asked);
  const rank = (name) => {
    const one = plain(name);
    if (one === asked) return 4;
    if (one.startsWith(asked)) return 3 - one.length / 1000;
    if (one.includes(asked)) return 2 - one.length / 1000;
    const its = pairs(one);
    const like = 2 * [...of].filter((two) => its.has(two)).length / (of.size + its.size || 1);
    return like > 0.5 ? like : 0;
  };
  return (await all).filter((one) => !kinds.length || kinds.includes(one.kind))
    .map((one) => [Math.max(...[one.label, ...one.aka].map(rank)), one]).filter(([score]) => score > 0)
    .sort(([a], [b]) => b - a).slice(0, 8)
    .map(([, one]) => ({ ...one, page: new URL(one.page, new URL(address, location)).href }));
}

for (const box of document.querySelectorAll("input[data-suggest]")) {
  const kinds = (box.dataset.kinds ?? "").split(" ").filter(Boolean);
  const list = document.createElement("ul");
  const said = document.createElement("span");
  number += 1;
  list.id = `suggestions-${number}`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  said.className = "hidden";
  said.setAttribute("role", "status");
  const place = document.createElement("span");
  place.className = "suggested";
  box.replaceWith(place);
  place.append(box, list, said);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) box.setAttribute(name, value);
  box.removeAttribute("list");
  let found = [], at = -1, asked = "", timer = 0, request = null;

  const close = () => {
    list.hidden = true;
    at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    at = to;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    if (at < 0) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", list.children[at].id);
    return list.children[at].scrollIntoView({ block: "nearest" });
  };
  const take = (one) => {
    if ("go" in box.dataset && one.page) return location.assign(one.page);
    box.value = one.label;
    close();
    return box.focus();
  };
  const show = () => {
    list.replaceChildren(...found.map((one, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const name = document.createElement("span");
      name.textContent = one.label;
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = one.what ?? one.kind;
      option.append(name, " ", kind);
      const more = one.title && one.title !== one.label ? one.title : one.aka.join(", ");
      if (more) option.append(Object.assign(document.createElement("span"), { className: "about", textContent: more }));
      option.addEventListener("mousedown", (event) => { event.preventDefault(); take(one); });
      return option;
    }));
    at = -1;
    list.hidden = !found.length;
    box.setAttribute("aria-expanded", String(found.length > 0));
    said.textContent = found.length ? `${found.length} suggestions` : "No suggestion";
  };
  const ask = async () => {
    const text = box.value.trim();
    if (text === asked && !list.hidden) return;
    asked = text;
    request?.abort();
    if (!text) { found = []; close(); return; }
    request = new AbortController();
    try {
      const kind = kinds.length === 1 ? `&kind=${kinds[0]}` : "";
      if (box.dataset.suggest.endsWith(".json")) { found = await fromFile(box.dataset.suggest, text, kinds); return show(); }
      const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(text)}${kind}`, { signal: request.signal });
      if (!answer.ok || document.activeElement !== box) return;
      found = (await answer.json()).filter((one) => !kinds.length || kinds.includes(one.kind));
      show();
    } catch { /* given up for a newer question, or no service: the box works without */ }
  };

  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
  box.addEventListener("blur", () => { clearTimeout(timer); close(); });
  box.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown") { event.preventDefault(); if (open) mark((at + 1) % found.length); else ask(); }
    else if (event.key === "ArrowUp" && open) { event.preventDefault(); mark(at <= 0 ? found.length - 1 : at - 1); }
    else if (event.key === "Escape" && open) { event.preventDefault(); close(); }
    else if (event.key === "Enter" && open && at < 0 && all && "go" in box.dataset) { event.preventDefault(); take(found[0]); }
    else if (event.key === "Enter" && open && at >= 0) { event.preventDefault(); take(found[at]); }
  });
}
