// Comforts only: every page works without this file.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

const wide = window.matchMedia("(min-width: 56rem)");
const facets = document.getElementById("facets");
if (facets) {
  const fit = () => { facets.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
}

const ask = document.getElementById("ask");
if (ask) {
  // A long query does not fit into an address.
  ask.addEventListener("submit", () => {
    ask.method = document.getElementById("query").value.length > 5000 ? "post" : "get";
  });
  ask.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      ask.requestSubmit();
    }
  });
}

// A line of a picture of lineage: its sources beside the picture, read from the page that the line leads to.
for (const figure of document.querySelectorAll(".lineage-figure")) {
  const panel = figure.querySelector(".panel");
  const pages = new Map();
  const read = async (url) => {
    if (url.pathname === location.pathname) return document;
    if (!pages.has(url.pathname)) {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      pages.set(url.pathname, new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
    return pages.get(url.pathname);
  };
  figure.addEventListener("click", async (event) => {
    const line = event.target.closest(".edge a");
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const url = new URL(line.getAttribute("href"), location);
    try {
      const entry = (await read(url)).getElementById(decodeURIComponent(url.hash.slice(1)));
      const sources = entry.querySelector(".sources ul").cloneNode(true);
      for (const link of sources.querySelectorAll("a")) link.href = new URL(link.getAttribute("href"), url);
      const heading = document.createElement("p");
      const whole = document.createElement("a");
      whole.href = url;
      whole.textContent = line.querySelector("title").textContent;
      heading.append(whole);
      panel.replaceChildren(heading, sources);
      panel.hidden = false;
      figure.querySelector(".edge a[aria-current]")?.removeAttribute("aria-current");
      line.setAttribute("aria-current", "true");
    } catch {
      location.assign(url);
    }
  });
}

// A picture larger than its box begins at the work that it is about, or that most is built on.
for (const box of document.querySelectorAll(".picture")) {
  const work = box.querySelector(".root") || box.querySelector(".w4");
  if (!work) continue;
  const [at, around] = [work.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollTop += at.top - around.top - around.height / 2;
  box.scrollLeft += at.left - around.left - Math.min(60, around.width / 4);
}
