// The filters beside the results: what is chosen, as an expression of the API's grammar and as elements.
import { byId, element, told } from "./dom.js";
import { colour, named, say } from "./words.js";

const SHORT = 8; // values of a facet that are shown at once
const PATH = " > ";
const whole = new Set(); // facets whose values are all shown
const unfolded = new Map(); // category -> whether a person opened or closed it

const quote = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

// A range of prices is written as in an address: "20..50", "..20", "50.."; the upper end is not in it.
const ends = (range) => range.split("..").map((end) => (end !== "" && Number.isFinite(Number(end)) ? Number(end) : null));
const rangeOf = ({ from, to }) => `${from ?? ""}..${to ?? ""}`;

function rangeName(range) {
  const [from, to] = ends(range);
  return from == null ? `< ${to}` : to == null ? `≥ ${from}` : `${from} – ${to}`;
}

function rangeFilter(range) {
  const [from, to] = ends(range);
  return [from == null ? "" : `price>=${from}`, to == null ? "" : `price<${to}`].filter(Boolean).join(" and ");
}

const nameOf = (field, value) => (field === "price" ? rangeName(value) : named(field, value).split(PATH).at(-1));

export function expression(state) {
  const parts = Object.entries(state.chosen).filter(([field, values]) => values.size && field !== "price")
    .map(([field, values]) => `${quote(field)} in [${[...values].map(quote).join(", ")}]`);
  const ranges = [...(state.chosen.price ?? [])].map(rangeFilter).filter(Boolean);
  if (ranges.length) parts.push(`(${ranges.join(" or ")})`);
  if (state.price !== "") parts.push(`price<=${Number(state.price)}`);
  if (state.stock) parts.push("not in_stock=false");
  return parts.join(" and ");
}

export const active = (state) => Object.values(state.chosen).some((values) => values.size) || state.price !== "" || state.stock;

export function clear(state) {
  Object.assign(state, { chosen: {}, price: "", stock: false });
}

function choose(state, field, value, on) {
  const chosen = (state.chosen[field] ??= new Set());
  if (!on) return chosen.delete(value);
  // "Bags" or "Bags > Totes": the one chosen last counts, as the one contains the other.
  for (const other of [...chosen]) {
    if (other.startsWith(value + PATH) || value.startsWith(other + PATH)) chosen.delete(other);
  }
  chosen.add(value);
}

function choice(state, field, { value, count }, label, change) {
  const dot = field === "color" && colour(value) ? element("span", { class: "dot", "aria-hidden": "true" }) : null;
  if (dot) dot.style.backgroundColor = colour(value);
  return element("label", {},
    element("input", {
      type: "checkbox", id: `${field}=${value}`, checked: Boolean(state.chosen[field]?.has(value)),
      onchange: (event) => { choose(state, field, value, event.target.checked); change(); },
    }), dot, told("span", label, { class: "value" }), element("span", { class: "count" }, String(count)));
}

// Categories as a tree: children stand under their parent once it is opened, chosen, or the only one.
function tree(state, values, change, redraw) {
  const chosen = state.chosen.category ?? new Set();
  const known = new Set(values.map(({ value }) => value));
  const parentOf = (value) => { const end = value.lastIndexOf(PATH); return end > 0 && known.has(value.slice(0, end)) ? value.slice(0, end) : ""; };
  const under = new Map();
  for (const entry of values) {
    const parent = parentOf(entry.value);
    if (!under.has(parent)) under.set(parent, []);
    under.get(parent).push(entry);
  }
  const open = (value) => unfolded.get(value)
    ?? (values.length <= SHORT || under.get("").length === 1 || [...chosen].some((c) => c === value || c.startsWith(value + PATH)));
  const branch = (parent) => element("ul", { class: "tree" }, ...(under.get(parent) ?? []).map((entry) => {
    const { value } = entry;
    const isOpen = under.has(value) && open(value);
    const label = named("category", parent ? value.slice(parent.length + PATH.length) : value);
    const fold = under.has(value) ? element("button", {
      type: "button", class: "fold", id: `fold=${value}`, "aria-expanded": String(isOpen), "aria-label": `${say("inside")} ${label}`,
      onclick: () => { unfolded.set(value, !isOpen); redraw(); },
    }) : element("span", { class: "fold" });
    return element("li", {}, element("div", { class: "line" }, fold, choice(state, "category", entry, label, change)), isOpen ? branch(value) : null);
  }));
  return branch("");
}

function facet(state, { field, counts }, change, redraw) {
  const chosen = state.chosen[field] ?? new Set();
  const values = [...counts];
  for (const value of chosen) if (!values.some((v) => v.value === value)) values.push({ value, count: 0 });
  if (!values.length) return null;
  const group = element("fieldset", {}, element("legend", {}, say(field)));
  if (field === "category" && values.some(({ value }) => value.includes(PATH))) {
    group.append(tree(state, values, change, redraw));
    return group;
  }
  const shown = whole.has(field) ? values : values.filter(({ value }, n) => n < SHORT || chosen.has(value));
  group.append(...shown.map((entry) => choice(state, field, entry, named(field, entry.value), change)));
  if (values.length > SHORT) {
    group.append(element("button", { type: "button", class: "link", id: `all=${field}`, "aria-expanded": String(whole.has(field)), onclick: () => {
      if (!whole.delete(field)) whole.add(field);
      redraw();
    } }, whole.has(field) ? say("less") : say("all")(values.length)));
  }
  return group;
}

export function draw(state, facets, change) {
  const side = byId("filters");
  const focused = side.contains(document.activeElement) ? document.activeElement.id : "";
  const redraw = () => draw(state, facets, change);
  const limit = facets.find(({ field }) => field === "price");
  const groups = [element("label", {}, element("input", {
    type: "checkbox", id: "stock", checked: state.stock, onchange: (event) => { state.stock = event.target.checked; change(); },
  }), element("span", { class: "value" }, say("stock")))];
  if (limit && (limit.max != null || state.price !== "")) {
    groups.push(element("div", { class: "limit" }, element("label", { for: "price" }, say("price")), element("input", {
      type: "number", min: 0, step: "any", inputmode: "decimal", id: "price", placeholder: limit.max ?? "", value: state.price,
      onchange: (event) => { state.price = event.target.value; change(); },
    }), ...(limit.ranges ?? []).map((one) => choice(state, "price", { value: rangeOf(one), count: one.count }, rangeName(rangeOf(one)), change))));
  }
  groups.push(...facets.filter(({ field }) => field !== "price").map((one) => facet(state, one, change, redraw)));
  side.replaceChildren(...groups.filter(Boolean));
  if (focused) document.getElementById(focused)?.focus();
  chips(state, change);
}

function chips(state, change) {
  const made = [];
  const chip = (text, drop) => made.push(element("li", {}, element("button", {
    type: "button", "aria-label": `${say("drops")}: ${text}`, onclick: () => { drop(); change(); },
  }, told("span", text), element("span", { "aria-hidden": "true" }, "×"))));
  for (const [field, values] of Object.entries(state.chosen)) {
    for (const value of values) chip(nameOf(field, value), () => values.delete(value));
  }
  for (const { id, text, filter, boost, denies } of state.understood) {
    const used = filter || boost || denies.length;
    made.push(element("li", {}, element("button", {
      type: "button", class: used ? "read" : "read unused", title: say("read"), "aria-label": `${say("plain")}: ${text}`,
      onclick: () => { state.plain.add(id); change(); },
    }, told("span", text), element("span", { "aria-hidden": "true" }, "×"))));
  }
  if (state.price !== "") chip(`${say("price")} ${state.price}`, () => { state.price = ""; });
  if (state.stock) chip(say("stock"), () => { state.stock = false; });
  if (made.length > 1) {
    made.push(element("li", {}, element("button", { type: "button", class: "link", onclick: () => {
      clear(state);
      for (const { id } of state.understood) state.plain.add(id);
      change();
    } }, say("clear"))));
  }
  const list = byId("chips");
  const had = list.contains(document.activeElement);
  list.replaceChildren(...made);
  list.hidden = !made.length;
  if (had) (list.querySelector("button") ?? byId("results")).focus({ preventScroll: true });
  const chosen = list.querySelectorAll("button:not(.link):not(.read)").length;
  byId("filters-open").textContent = say("filters") + (chosen ? ` (${chosen})` : "");
}
