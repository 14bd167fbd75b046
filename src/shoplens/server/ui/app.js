// The search page. Product texts are only ever set as text, never as HTML.
const WORDS = {
  en: {
    skip: "Skip to results", search: "Search", more: "More", drop: "Drop the photo to search with it",
    privacy: "Photos are used for this one search and not stored.", ask: "What are you looking for?",
    pick: "Search with a photo", remove: "Remove this photo", similar: "Find similar", why: "Why this?",
    found: (n, ms) => `${n} ${n === 1 ? "product" : "products"} · ${ms} ms`, likely: "Nothing certain; these are similar. ",
    none: "Nothing in this shop is like it. Fewer words or no filters may help.", busy: "Searching…",
    failed: "The search did not work: ", out: "out of stock", picture: "no picture", filters: "Filters",
    category: "Category", color: "Colour", brand: "Brand", material: "Material", pattern: "Pattern", price: "Price up to",
    stock: "In stock only", sort: "Order", best: "Best match", cheap: "Price, low to high", dear: "Price, high to low",
    like: "Similar to ", all: "All products", words: "words as written", "words>picture": "words ↔ picture",
    "words>text": "words ↔ description", "picture>picture": "photo ↔ picture", "seed>picture": "product ↔ picture",
    "seed>text": "product ↔ description", photos: "Photos of this search", results: "Results",
  },
  zh: {
    skip: "跳到结果", search: "搜索", more: "更多", drop: "松开即可用这张照片搜索",
    privacy: "照片只用于本次搜索，不会保存。", ask: "想找什么？", pick: "用照片搜索", remove: "移除这张照片",
    similar: "找相似", why: "为什么是它？", found: (n, ms) => `${n} 件商品 · ${ms} 毫秒`, likely: "没有完全匹配的，以下较为相似。",
    none: "店里没有类似的商品。减少文字或去掉筛选条件试试。", busy: "正在搜索…", failed: "搜索失败：", out: "缺货",
    picture: "暂无图片", filters: "筛选", category: "类别", color: "颜色", brand: "品牌", material: "材质", pattern: "图案",
    price: "最高价格", stock: "只看有货", sort: "排序", best: "最匹配", cheap: "价格从低到高", dear: "价格从高到低",
    like: "相似于：", all: "全部商品", words: "文字匹配", "words>picture": "文字 ↔ 图片", "words>text": "文字 ↔ 描述",
    "picture>picture": "照片 ↔ 图片", "seed>picture": "商品 ↔ 图片", "seed>text": "商品 ↔ 描述", photos: "本次搜索的照片", results: "结果",
  },
};
const byId = (id) => document.getElementById(id);
const first = JSON.parse(byId("first").textContent);
const state = { photos: [], like: null, chosen: {}, price: "", stock: false, sort: "", page: 1, shown: 0, found: 0 };
let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
let running = null;
let last = first.answer;
const say = (key) => WORDS[language][key] ?? key;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

function filter() {
  const quote = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const parts = Object.entries(state.chosen).filter(([, values]) => values.size)
    .map(([field, values]) => `${quote(field)} in [${[...values].map(quote).join(", ")}]`);
  if (state.price !== "" && Number.isFinite(Number(state.price))) parts.push(`price<=${Number(state.price)}`);
  if (state.stock) parts.push("not in_stock=false");
  return parts.join(" and ");
}

async function search({ more = false } = {}) {
  state.page = more ? state.page + 1 : 1;
  running?.abort();
  const mine = (running = new AbortController());
  const fields = { q: byId("words").value, per_page: 24, page: state.page, facet_by: [...first.facets, "price"], filter_by: filter() };
  if (state.like) fields.like = [state.like.id];
  if (state.sort) fields.sort_by = state.sort;
  const body = new FormData();
  body.append("json", JSON.stringify(fields));
  for (const photo of state.photos) body.append("images", photo.blob, "photo.jpg");
  byId("status").textContent = say("busy");
  try {
    const response = await fetch("/v1/search", { method: "POST", body, signal: mine.signal });
    const data = await response.json();
    if (!response.ok) throw new Error([data.detail, data.hint].filter(Boolean).join(" — "));
    show(data, more);
  } catch (error) {
    if (error.name !== "AbortError") byId("status").textContent = say("failed") + error.message;
  }
}

const title = (product) => {
  const other = product.translations.find((t) => t.language.startsWith(language) && t.title);
  return (language !== "en" && other?.title) || product.title || product.translations[0]?.title || product.id;
};
const money = (value, currency) => {
  try { return new Intl.NumberFormat(language, currency ? { style: "currency", currency } : {}).format(value); }
  catch { return `${value} ${currency ?? ""}`; }
};

function card(hit) {
  const { product } = hit;
  const variant = product.variants.find((v) => v.id === hit.variant_id) ?? product.variants[0];
  const name = title(product);
  const picture = hit.picture
    ? element("img", { src: `/v1/pictures/${hit.picture}?side=360`, alt: name, loading: "lazy", width: 360, height: 360 })
    : element("span", {}, say("picture"));
  const values = Object.entries(variant.attributes ?? {}).filter(([key]) => !key.endsWith("_zh")).map(([, v]) => v.join(" / "));
  const price = element("div", { class: "price" });
  if (variant.price != null) {
    price.append(money(variant.price, variant.currency));
    if (variant.list_price > variant.price) price.append(element("s", {}, money(variant.list_price, variant.currency)));
  }
  if (variant.in_stock === false) price.append(element("span", { class: "out" }, say("out")));
  const row = element("div", { class: "row" },
    element("button", { type: "button", onclick: () => similar(product, hit) }, say("similar")));
  const text = element("div", { class: "text" }, element("h3", {}, name),
    values.length ? element("div", { class: "variant" }, values.join(" · ")) : null, price, row);
  if (hit.reasons.length) {
    const list = element("dl", { hidden: true });
    for (const reason of hit.reasons) {
      list.append(element("dt", {}, say(reason.source)), element("dd", {}, (reason.contribution >= 0 ? "+" : "") + reason.contribution.toFixed(2)));
    }
    row.append(element("button", { type: "button", "aria-expanded": "false", onclick: (event) => {
      list.hidden = !list.hidden;
      event.currentTarget.setAttribute("aria-expanded", String(!list.hidden));
    } }, say("why")));
    text.append(list);
  }
  return element("li", { class: "card" }, element("div", { class: "picture" }, picture), text);
}

function show(answer, more = false) {
  last = answer;
  const hits = byId("hits");
  if (!more) { hits.replaceChildren(); state.shown = 0; }
  hits.append(...answer.hits.map(card));
  state.shown += answer.hits.length;
  state.found = answer.found;
  byId("more").hidden = state.shown >= answer.found || !answer.hits.length;
  const notes = answer.notes.length ? ` (${answer.notes.join("; ")})` : "";
  const head = answer.verdict === "none" ? say("none")
    : (answer.verdict === "similar" ? say("likely") : "") + say("found")(answer.found, answer.search_time_ms.toFixed(1));
  byId("status").textContent = (state.like ? say("like") + state.like.name + ". " : "") + head + notes;
  filters(answer.facet_counts);
}

function filters(facets) {
  const side = byId("filters");
  const focused = side.contains(document.activeElement) ? document.activeElement.id : "";
  const groups = [];
  groups.push(element("h2", {}, say("sort")), element("select", { id: "sort", "aria-label": say("sort"), onchange: (event) => { state.sort = event.target.value; search(); } },
    ...[["", "best"], ["price:asc", "cheap"], ["price:desc", "dear"]].map(([value, key]) => element("option", { value, selected: state.sort === value }, say(key)))));
  groups.push(element("label", {}, element("input", { type: "checkbox", id: "stock", checked: state.stock, onchange: (event) => { state.stock = event.target.checked; search(); } }), element("span", {}, say("stock"))));
  for (const facet of facets) {
    if (facet.field === "price") {
      if (facet.max == null && state.price === "") continue;
      groups.push(element("h2", {}, say("price")), element("input", { type: "number", min: 0, step: "any", id: "price", "aria-label": say("price"),
        placeholder: facet.max ?? "", value: state.price, onchange: (event) => { state.price = event.target.value; search(); } }));
      continue;
    }
    const chosen = (state.chosen[facet.field] ??= new Set());
    const values = facet.counts.slice(0, 12);
    for (const value of chosen) if (!values.some((v) => v.value === value)) values.push({ value, count: 0 });
    if (!values.length) continue;
    groups.push(element("h2", {}, say(facet.field)));
    values.forEach(({ value, count }, n) => groups.push(element("label", {},
      element("input", { type: "checkbox", id: `${facet.field}-${n}`, checked: chosen.has(value), onchange: (event) => { event.target.checked ? chosen.add(value) : chosen.delete(value); search(); } }),
      element("span", {}, value), element("span", { class: "count" }, String(count)))));
  }
  side.replaceChildren(
    element("button", { type: "button", id: "fold", class: "quiet", "aria-expanded": String(side.classList.contains("open")), onclick: (event) => {
      side.classList.toggle("open");
      event.currentTarget.setAttribute("aria-expanded", String(side.classList.contains("open")));
    } }, say("filters")),
    element("div", { class: "group" }, ...groups));
  if (focused) byId(focused)?.focus();
}

function similar(product) {
  state.like = { id: product.id, name: title(product) };
  state.photos = [];
  byId("words").value = "";
  photos();
  search();
  byId("results").focus();
  scrollTo({ top: 0 });
}

function photos() {
  byId("photos").replaceChildren(...state.photos.map((photo, n) => element("li", {},
    element("img", { src: photo.url, alt: photo.name }),
    element("button", { type: "button", "aria-label": `${say("remove")}: ${photo.name}`, onclick: () => {
      URL.revokeObjectURL(photo.url);
      state.photos.splice(n, 1);
      photos();
      search();
    } }, "×"))));
}

// A phone's photo of 12 megapixels is sent as one of 1: the encoder reads no more, and metadata stays at home.
async function shrink(file, side = 1024) {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = element("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.9));
  } catch { return file; } // not readable here: the server says what is wrong with it
}

async function add(files) {
  for (const file of [...files].slice(0, 8 - state.photos.length)) {
    state.photos.push({ blob: await shrink(file), url: URL.createObjectURL(file), name: file.name || "photo" });
  }
  state.like = null;
  photos();
  search();
}

function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  byId("words").setAttribute("aria-label", say("ask"));
  for (const name of ["aria-label", "title"]) byId("pick").setAttribute(name, say("pick"));
  byId("photos").setAttribute("aria-label", say("photos"));
  byId("results").setAttribute("aria-label", say("results"));
  byId("filters").setAttribute("aria-label", say("filters"));
  byId("language").textContent = language === "zh" ? "English" : "中文";
  byId("language").lang = language === "zh" ? "en" : "zh";
}

byId("search").addEventListener("submit", (event) => { event.preventDefault(); state.like = null; search(); });
byId("pick").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", (event) => { add(event.target.files); event.target.value = ""; });
byId("more").addEventListener("click", () => search({ more: true }));
byId("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  translate();
  photos();
  search();
});
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (files.length) { event.preventDefault(); add(files); }
});
let depth = 0;
const dragsFile = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => { if (dragsFile(event)) { depth += 1; byId("drop").hidden = false; } });
addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) byId("drop").hidden = true; });
addEventListener("dragover", (event) => { if (dragsFile(event)) event.preventDefault(); });
addEventListener("drop", (event) => {
  if (!dragsFile(event)) return;
  event.preventDefault();
  depth = 0;
  byId("drop").hidden = true;
  add(event.dataTransfer.files);
});

translate();
show(last);
