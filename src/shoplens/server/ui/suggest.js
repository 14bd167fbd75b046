// Suggestions under the search box: an ARIA combobox with a list, after the authoring practices of the W3C.
import { byId, element } from "./dom.js";
import { named, say } from "./words.js";

const WAIT_MS = 80; // after a key, before asking: who types fast asks once
const MOST = 8;
const PATH = " > ";
const box = byId("words");
const list = byId("suggestions");
let shown = []; // what the list shows
let at = -1; // which of them the keys have reached
let typed = ""; // what the box held before the keys put a suggestion there
let running = null;
let timer = 0;

// take: what to do with a suggestion that was chosen.
export function propose(take) {
  box.addEventListener("input", () => {
    clearTimeout(timer);
    typed = box.value;
    timer = setTimeout(ask, WAIT_MS);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // the keys belong to the input method
    if (event.key === "Escape" && shown.length) {
      event.preventDefault(); // Chromium empties a search box otherwise
      box.value = typed;
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
      if (!shown.length) { if (event.key === "ArrowDown" && box.value.trim()) ask(); return; }
      event.preventDefault();
      const turns = shown.length + 1; // one of them is the box itself
      move(((at + 1 + (event.key === "ArrowDown" ? 1 : -1) + turns) % turns) - 1);
    } else if (event.key === "Enter") {
      if (at >= 0) { event.preventDefault(); choose(at, take); } else close();
    }
  });
  box.addEventListener("blur", close);
  byId("search").addEventListener("submit", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose([...list.children].indexOf(option), take);
  });
}

// What it leads to, where that is no plain query: a brand, a product, or a category with the one that it lies in.
function kindOf({ kind, value }) {
  if (kind !== "category") return kind === "query" ? "" : say(kind);
  const parent = value.includes(PATH) ? value.slice(0, value.lastIndexOf(PATH)) : "";
  return parent ? say("in") + named("category", parent) : say("category");
}

const textOf = ({ kind, text }) => (kind === "category" ? named("category", text) : text);

async function ask() {
  running?.abort();
  const text = box.value;
  if (!text.trim()) return close();
  const { signal } = (running = new AbortController());
  try {
    const response = await fetch(`v1/suggest?${new URLSearchParams({ q: text.slice(0, 64), limit: MOST })}`, { signal });
    if (!response.ok) return close();
    const { suggestions } = await response.json();
    if (signal.aborted || document.activeElement !== box) return;
    show(suggestions);
  } catch {
    if (!signal.aborted) close(); // suggestions are a help: whoever has none types on
  }
}

function show(suggestions) {
  shown = suggestions;
  at = -1;
  list.replaceChildren(...suggestions.map((one, number) => element("li", { role: "option", id: `suggestion-${number}`, "aria-selected": "false" },
    element("span", { dir: "auto", class: "text" }, textOf(one)),
    element("span", { class: "kind" }, kindOf(one)),
    element("span", { class: "count" }, one.kind === "product" ? "" : say("counted")(one.count)))));
  list.hidden = !suggestions.length;
  box.setAttribute("aria-expanded", String(!list.hidden));
  box.removeAttribute("aria-activedescendant");
}

function move(to) {
  list.children[at]?.setAttribute("aria-selected", "false");
  at = to;
  const option = list.children[at];
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) box.setAttribute("aria-activedescendant", option.id);
  else box.removeAttribute("aria-activedescendant");
  box.value = at < 0 ? typed : shown[at].text;
}

function choose(number, take) {
  const one = shown[number];
  close();
  take(one);
}

function close() {
  clearTimeout(timer);
  running?.abort();
  shown = [];
  at = -1;
  list.replaceChildren();
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}
