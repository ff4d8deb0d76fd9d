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

const named = document.getElementById("named");
if (named) {
  named.addEventListener("change", () => {
    if (!named.value) return;
    const field = document.getElementById("query");
    field.value = named.value;
    field.dispatchEvent(new Event("replaced"));
  });
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
