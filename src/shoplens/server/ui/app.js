// The search page: its state, its address, and the road from a question to the cards.
import { card, titleOf } from "./cards.js";
import { byId, element, pictureOf } from "./dom.js";
import * as filters from "./filters.js";
import { listen, MOST, taken } from "./photos.js";
import { propose } from "./suggest.js";
import { isCause, language, learn, learnCategory, noted, say, speak } from "./words.js";

const PER_PAGE = 24;
const first = JSON.parse(byId("first").textContent);
const state = {
  words: "", photos: [], like: null, chosen: {}, price: "", stock: false, sort: "", page: 1, shown: 0,
  understood: [], plain: new Set(), // what was read out of the words, and the ids of what shall not be
};
const photosOf = new Map(); // number of a history entry -> its photos: addresses cannot carry them
let asked = "";
let running = null;

// --- The address: ?q=...&plain=...&like=...&f.color=...&max=...&stock=1&sort=... ---------------------------------------------------

function address() {
  const query = new URLSearchParams();
  if (state.words) query.set("q", state.words);
  for (const id of state.plain) query.append("plain", id);
  if (state.like) query.set("like", state.like.id);
  for (const [field, values] of Object.entries(state.chosen)) for (const value of values) query.append(`f.${field}`, value);
  if (state.price !== "") query.set("max", state.price);
  if (state.stock) query.set("stock", "1");
  if (state.sort) query.set("sort", state.sort);
  const text = query.toString();
  return location.pathname + (text && `?${text}`);
}

function readAddress() {
  const query = new URLSearchParams(location.search);
  filters.clear(state);
  state.words = (query.get("q") ?? "").slice(0, 512);
  state.plain = new Set(query.getAll("plain").slice(0, 50));
  state.like = query.get("like") ? { id: query.get("like"), name: query.get("like"), picture: "" } : null;
  for (const [name, value] of query) if (name.startsWith("f.")) (state.chosen[name.slice(2)] ??= new Set()).add(value);
  const price = query.get("max");
  state.price = price && Number.isFinite(Number(price)) && Number(price) >= 0 ? String(Number(price)) : "";
  state.stock = query.get("stock") === "1";
  state.sort = ["price:asc", "price:desc"].includes(query.get("sort")) ? query.get("sort") : "";
  byId("words").value = state.words;
  byId("sort").value = state.sort;
}

const question = () => JSON.stringify([address(), state.photos.map((photo) => photo.url)]);

// A search is an entry of the browser's history; asking the same again is not.
function remember() {
  document.title = [state.words || state.like?.name, "ShopLens"].filter(Boolean).join(" · ");
  const now = question();
  if (now === asked) return;
  const entry = Date.now() + Math.random();
  photosOf.set(entry, [...state.photos]);
  history[asked ? "pushState" : "replaceState"]({ entry }, "", address());
  asked = now;
}

// --- Asking ------------------------------------------------------------------------------------------------------------

async function ask(fields, signal) {
  const body = new FormData();
  body.append("json", JSON.stringify(fields));
  for (const photo of state.photos) body.append("images", photo.blob, "photo.jpg");
  let response;
  try {
    response = await fetch("v1/search", { method: "POST", body, signal });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Error(say("unreachable"));
  }
  const data = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error; // given up while its body was on the way
    if (response.ok) throw new Error(say("unreachable")); // it broke off
    return { detail: `${response.status} ${response.statusText}` };
  });
  if (!response.ok) throw new Error([data.detail, data.hint].filter(Boolean).join(" — "));
  return data;
}

async function search({ more = false, keep = false } = {}) {
  running?.abort();
  const { signal } = (running = new AbortController());
  const facets = [...first.facets, "price"];
  const fields = { q: state.words, per_page: PER_PAGE, page: more ? state.page + 1 : 1, max_facet_values: 200, explain: true };
  if (state.like) fields.like = [state.like.id];
  if (state.plain.size) fields.without_chips = [...state.plain];
  if (state.sort) fields.sort_by = state.sort;
  if (!keep && !more) remember();
  byId("meant").hidden = true;
  status(say("busy"));
  byId("again").hidden = true;
  byId("hits").setAttribute("aria-busy", "true");
  try {
    // A facet counts as if nothing were chosen in it: so a second colour can be added.
    const answer = await ask({ ...fields, facet_by: facets, filter_by: filters.expression(state) }, signal);
    show(answer, answer.facet_counts, more);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!more) { byId("hits").replaceChildren(); byId("more").hidden = true; } // what stood there answers another question
    status(say("failed") + error.message, true);
    byId("again").hidden = false;
    byId("again").onclick = () => search({ more, keep: true });
    filters.draw(state, shownFacets, () => search());
  }
  byId("hits").removeAttribute("aria-busy");
}

// Where on a hit's picture the photo or the words of this search are: a picture's address, or null.
async function heat(hit) {
  if (!state.words && !state.photos.length) return null;
  const body = new FormData();
  body.append("json", JSON.stringify({ q: state.words }));
  for (const photo of state.photos) body.append("images", photo.blob, "photo.jpg");
  const response = await fetch(`v1/pictures/${hit.picture}/heat`, { method: "POST", body }).catch(() => null);
  return response?.ok ? URL.createObjectURL(await response.blob()) : null;
}

// --- Showing -----------------------------------------------------------------------------------------------------------

let shownFacets = [];

function status(text, wrong = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("wrong", wrong);
}

function show(answer, counts, more = false) {
  const hits = byId("hits");
  if (!more) { hits.replaceChildren(); state.shown = 0; state.understood = answer.understood; }
  for (const { product } of answer.hits) {
    learnCategory(product);
    for (const variant of product.variants) learn(variant.attributes);
  }
  const cards = answer.hits.map((hit) => card(hit, similar, heat));
  hits.append(...cards);
  state.page = answer.page;
  state.shown += answer.hits.length;
  const left = state.shown < answer.found && answer.hits.length > 0;
  // The button goes away under the fingers of who used it: the first new card is where reading goes on.
  if (more && !left && document.activeElement === byId("more")) cards[0]?.querySelector("button").focus();
  byId("more").hidden = !left;
  status(summary(answer));
  meant(answer.did_you_mean);
  shownFacets = counts;
  filters.draw(state, counts, () => search());
}

function summary(answer) {
  const parts = [];
  if (answer.degraded.length) parts.push(say("degraded"));
  if (state.like) parts.push(`${say("like")}${state.like.name}. `);
  const space = language() === "zh" ? "" : " ";
  const causes = answer.notes.filter(isCause);
  if (answer.verdict === "none" || !answer.found) {
    const byFilter = causes.some(({ code }) => code.startsWith("filter_"));
    const advice = byFilter ? say("unfilter") : state.words.includes(" ") ? say("fewer") : "";
    parts.push([...(causes.length ? causes.map(noted) : [say("none")]), advice].filter(Boolean).join(space));
  } else {
    if (answer.verdict === "similar") parts.push(say("likely"));
    parts.push(say("found")(answer.found, answer.search_time_ms.toFixed(1)));
  }
  const others = answer.notes.filter((note) => !isCause(note));
  if (others.length) parts.push(`${language() === "zh" ? "。" : ". "}${others.map(noted).join(space)}`);
  return parts.join("");
}

// Other words, where those that were typed do not find well: one press away.
function meant(words) {
  byId("meant").hidden = !words;
  byId("meant").replaceChildren(`${say("meant")} `, element("bdi", {}, words), language() === "zh" ? "？" : "?");
  byId("meant").onclick = () => {
    askFor((byId("words").value = words));
    search();
    byId("words").focus();
  };
}

// A suggestion that was chosen: words to search for; a brand or a category instead of words; a product like which to find more.
function follow(suggestion) {
  const { field, value } = suggestion;
  askFor(field ? "" : suggestion.text);
  if (field) { filters.clear(state); state.chosen[field] = new Set([value]); }
  byId("words").value = state.words;
  search();
}

// What the search starts from, inside the box: photos, and the product that others shall be like.
function clues() {
  const clue = (source, name, label, drop) => element("li", {},
    source ? element("img", { src: source, alt: name, width: 40, height: 40 }) : element("span", { class: "blank", role: "img", "aria-label": name }),
    element("button", { type: "button", "aria-label": `${label}: ${name}`, title: label, onclick: () => {
      drop();
      clues();
      byId("words").focus();
      search();
    } }, "×"));
  const made = state.photos.map((photo) => clue(photo.url, photo.name, say("remove"), () => {
    state.photos = state.photos.filter((other) => other !== photo);
  }));
  if (state.like) {
    const { name, picture } = state.like;
    made.unshift(clue(picture && pictureOf(picture, 96), name, say("unlike"), () => { state.like = null; }));
  }
  byId("photos").replaceChildren(...made);
  byId("photos").hidden = !made.length;
}

function askFor(words) {
  if (words !== state.words) state.plain = new Set(); // what was not to be read belongs to the words before
  state.words = words;
}

function similar(product, hit) {
  askFor("");
  Object.assign(state, { like: { id: product.id, name: titleOf(product), picture: hit.picture }, photos: [] });
  byId("words").value = "";
  clues();
  search();
  byId("results").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

async function add(files) {
  const room = MOST - state.photos.length;
  const photos = await taken(files.slice(0, room));
  askFor(byId("words").value.trim());
  state.like = null;
  state.photos = [...state.photos, ...photos];
  clues();
  await search();
  if (files.length > room) status(`${byId("status").textContent} ${say("many")}`);
}

// --- Language, and the rest of the page --------------------------------------------------------------------------------

function translate() {
  document.documentElement.lang = language();
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));
  byId("pick").title = say("pick");
  const other = language() === "zh" ? "en" : "zh";
  byId("language").textContent = other === "en" ? "English" : "中文";
  byId("language").lang = other;
}

// After a reload the address names the product only by its id.
async function nameLike() {
  if (!state.like) return;
  const response = await fetch(`v1/products/${encodeURIComponent(state.like.id)}`).catch(() => null);
  if (!response?.ok || !state.like) return; // the search itself tells what is wrong
  const product = await response.json();
  state.like = { id: product.id, name: titleOf(product), picture: product.pictures[0] ?? "" };
  clues();
}

async function arrive() {
  readAddress();
  clues();
  asked = question();
  await nameLike();
  await search({ keep: true });
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  askFor(byId("words").value.trim());
  search();
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // an address with # would be an entry of the history of its own
  byId("results").focus();
});
byId("more").addEventListener("click", () => search({ more: true }));
byId("sort").addEventListener("change", (event) => { state.sort = event.target.value; search(); });
byId("filters-open").addEventListener("click", (event) => {
  const open = byId("filters").classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
});
byId("language").addEventListener("click", () => {
  speak(language() === "zh" ? "en" : "zh");
  translate();
  if (state.like) nameLike();
  clues();
  search({ keep: true });
});
addEventListener("popstate", (event) => {
  state.photos = photosOf.get(event.state?.entry) ?? [];
  arrive();
});
listen(add);
propose(follow);

translate();
if (location.search) arrive();
else {
  readAddress(); // a reload may have kept what was typed
  clues();
  remember();
  show(first.answer, first.answer.facet_counts);
}
