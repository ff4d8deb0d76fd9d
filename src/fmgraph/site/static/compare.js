// Comparing where no service runs: a copy of the site as files has a page of each work's column, and this puts
// chosen ones side by side. Elsewhere the service does, and without this file forms and links lead to it.
const copies = document.querySelectorAll("[data-local*='.html']");

// The page of a work's column, by what was typed or chosen: kind and slug, or a name.
async function column(name, compare) {
  const suggest = document.querySelector("[data-suggest]").dataset.suggest;
  const kinds = document.querySelector("[data-kinds*=model]")?.dataset.kinds.split(" ") ?? ["model"];
  const path = /^[a-z-]+\/[a-z0-9-]+$/.test(name) ? name : null;
  const work = path ? null : (await fromFile(suggest, name, kinds))[0];
  const place = path ?? work?.page.replace(/^.*\/([^/]+\/[^/]+)\.html$/, "$1");
  if (!place) return { name };
  const answer = await fetch(new URL(`compare/${place}.html`, compare));
  if (!answer.ok) return { name };
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const link of page.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), answer.url);
  return { name, table: page.querySelector(".compare table") };
}

const shown = (cell) => [...cell.querySelectorAll("li > :first-child")].map((one) => one.textContent).sort().join("\n") || cell.textContent.trim();
const made = (tag, text, attributes = {}) => {
  const one = Object.assign(document.createElement(tag), { textContent: text });
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  return one;
};

// One table of several of one column each: the rows that any has, in the order of the first that has them.
function together(tables) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  head.append(document.createElement("td"), ...tables.map((one) => one.tHead.rows[0].cells[1]));
  const sections = new Map();
  for (const [at, one] of tables.entries()) {
    for (const body of one.tBodies) {
      const title = body.rows[0].dataset.common ?? body.rows[0].textContent.trim();
      if (!sections.has(title)) sections.set(title, new Map());
      for (const row of [...body.rows].slice(1)) {
        const key = row.dataset.common ?? row.cells[0].textContent.trim();
        if (!sections.get(title).has(key)) sections.get(title).set(key, { row, cells: [] });
        sections.get(title).get(key).cells[at] = row.cells[1];
      }
    }
  }
  for (const [title, rows] of sections) {
    const body = table.createTBody();
    body.insertRow().append(made("th", title, { colspan: tables.length + 1, scope: "rowgroup" }));
    body.rows[0].className = "group";
    for (const [key, { row, cells }] of rows) {
      const line = body.insertRow();
      line.append(row.dataset.common ? made("th", key, { scope: "row" }) : row.cells[0].cloneNode(true));
      if (row.dataset.common) line.append(shared(tables.map((_, at) => cells[at]), tables.length));
      else {
        for (const at of tables.keys()) line.append(cells[at] ?? document.createElement("td"));
        for (const cell of [...line.cells].slice(1)) if (!cell.textContent.trim()) cell.append(made("span", "unknown", { class: "unknown" }));
        mark(line, row);
      }
    }
  }
  return table;
}

// What all cells name, in one cell.
function shared(cells, columns) {
  const [first, ...rest] = cells.map((cell) => new Map([...(cell?.querySelectorAll("a") ?? [])].map((one) => [one.href, one])));
  const all = [...first].filter(([href]) => rest.every((one) => one.has(href))).map(([, link]) => link);
  const cell = made("td", "", { colspan: columns });
  for (const [at, link] of all.entries()) cell.append(...(at ? [", "] : []), link);
  if (!all.length) cell.append(made("span", "none known", { class: "unknown" }));
  return cell;
}

// A row of which two works say different things has a mark.
function mark(line, row) {
  const said = [...line.cells].slice(1).filter((cell) => !cell.querySelector(":scope > .unknown")).map(shown);
  if ("own" in row.dataset || new Set(said).size < 2) return;
  line.className = "differs";
  const sign = made("span", "", { class: "mark", title: "differs" });
  sign.append(made("span", "≠", { "aria-hidden": "true" }), made("span", "differs", { class: "hidden" }));
  line.cells[0].append(" ", sign);
}

async function compare() {
  const form = document.querySelector("main form[data-local*='.html']");
  const place = document.getElementById("comparison");
  const asked = [...new Set(new URLSearchParams(location.search).getAll("m").map((one) => one.trim()).filter(Boolean))];
  if (!form || !place || !asked.length) return;
  const found = await Promise.all(asked.slice(0, 6).map((name) => column(name, location)));
  const works = found.filter((one) => one.table);
  for (const { name } of found.filter((one) => !one.table)) place.append(made("p", `There is no work “${name}”.`, { class: "problem" }));
  if (asked.length > 6) place.append(made("p", "At most 6 works fit side by side; the first 6 are shown.", { class: "problem" }));
  if (!works.length) return;
  const box = made("div", "", { class: `scroll compare n${works.length}`, role: "region", "aria-label": "Comparison", tabindex: "0" });
  box.append(together(works.map((one) => one.table)));
  place.append(made("p", "Rows whose values differ have a mark: ≠.", { class: "note" }), box);
  document.querySelector("h1").textContent = `${works.length} works compared`;
  if (works.length > 3) document.querySelector("main").classList.add("wide");
  for (const { name } of works) form.append(made("input", "", { type: "hidden", name: "m", value: name }));
}

for (const one of copies) {
  one.addEventListener(one.tagName === "FORM" ? "submit" : "click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const query = one.tagName === "FORM" ? `?${new URLSearchParams(new FormData(one))}` : new URL(one.href).search;
    location.assign(new URL(one.dataset.local + query, location));
  });
}
compare();
