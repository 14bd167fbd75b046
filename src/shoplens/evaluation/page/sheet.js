"use strict";
// Texts of products and queries are put in as text, never as HTML. Judgements stay in this browser until they are downloaded.
const sheet = JSON.parse(document.getElementById("sheet").textContent);
const WORDS = {
  en: {
    skip: "Skip to the queries", against: "{a} against {b}", alone: "{a}", made: "{n} queries · made {when} by ShopLens {v}",
    latency: "a query takes {a} ms by A, {b} ms by B (p50)", latency1: "a query takes {a} ms (p50)",
    better: "A is better by {m}: the interval of the difference does not hold 0, p = {p}",
    worse: "B is better by {m}: the interval of the difference does not hold 0, p = {p}",
    open: "Neither is shown to be better by {m} (p = {p})", nojudge: "Nobody has judged these queries yet: below is how far the rankings agree. Judge some hits, download the judgements, and give them to shoplens compare as --qrels.",
    nojudge1: "Nobody has judged these queries yet. Judge some hits, download the judgements, and give them to shoplens evaluate as --qrels.",
    machine: "Judged by a machine", machines: "{n} judgements are a machine's ({m}), not people's.", agrees: "On {n} pairs that people have judged too it gives the same grade to {s} %, kappa {k}.", unsure: "How far it judges as people do is not known.", measure: "measure", diff: "A − B", range: "95 % interval", p: "p", wins: "A better", losses: "B better", ties: "tied", mean: "mean",
    measures: "Measures over the judged queries", leftout: "Left out: {u} without a judgement, {z} with nothing relevant to find",
    rbo: "Overlap: RBO {r} ({l} to {h}) · {s} % of the first ten shared · the same first hit in {f} % · {n} of {t} queries answered alike",
    chart: "Differences by query: {w} answered better by A, {l} by B, {t} alike", show: "Show", all: "all queries", won: "A better", lost: "B better", tied: "tied", todo: "with hits to judge", differ: "first hits differ",
    find: "Words of a query", blind: "Judge without names", download: "Download judgements", load: "Load judgements", clear: "Forget mine",
    progress: "{n} of {t} hits judged, {m} here", keys: "Keys: arrows move, 0 1 2 3 grade, Delete takes back, N next to judge, J K next and previous query",
    g0: "wrong", g1: "acceptable", g2: "good", g3: "just right", grade: "Grade {g}: {w}", only: "only here", also: "B has it at {n}", alsoA: "A has it at {n}", nothing: "no hits", nopic: "no picture",
    pool: "Hits of both, mixed", said: "machine: {g}", more: "Show more queries", shown: "{n} of {t} queries shown", nothingfound: "No query is like that.", kept: "{n} judgements written to {f}", loaded: "{n} judgements read", badfile: "This is no file of judgements: {w}",
    sure: "Forget the {n} judgements that were made on this page?", unknown: "not in this shop", filter: "filter", like: "like", language: "中文", left: "{n} ids hold a tab or line break and were left out", nostore: "This browser keeps nothing for this file: download your judgements before you close it.", rank: "Rank {n}", judgedas: "graded {g}", notjudged: "not judged", photo: "photo of the query", tools: "Choose and judge",
  },
  zh: {
    skip: "跳到查询", against: "{a} 对比 {b}", alone: "{a}", made: "{n} 个查询 · {when} 由 ShopLens {v} 生成",
    latency: "每次查询 A 用 {a} 毫秒，B 用 {b} 毫秒（中位数）", latency1: "每次查询用 {a} 毫秒（中位数）",
    better: "按 {m}，A 更好：差值区间不含 0，p = {p}", worse: "按 {m}，B 更好：差值区间不含 0，p = {p}", open: "按 {m} 看不出谁更好（p = {p}）",
    nojudge: "这些查询还没有人评判：下面是两个排名的一致程度。请评判一些结果，下载后用 --qrels 交给 shoplens compare。", nojudge1: "这些查询还没有人评判。请评判一些结果，下载后用 --qrels 交给 shoplens evaluate。",
    machine: "由机器评判", machines: "{n} 条评判来自机器（{m}），不是人。", agrees: "在人也评判过的 {n} 对上，{s}% 打分相同，kappa {k}。", unsure: "它与人的评判有多一致，尚不知道。", measure: "指标", diff: "A 减 B", range: "95% 区间", p: "p", wins: "A 更好", losses: "B 更好", ties: "持平", mean: "均值",
    measures: "已评判查询上的指标", leftout: "未计入：{u} 个未评判，{z} 个没有相关商品",
    rbo: "重合度：RBO {r}（{l} 至 {h}）· 前十名相同 {s}% · 首位相同 {f}% · {t} 个查询中 {n} 个完全一致",
    chart: "各查询的差值：{w} 个 A 更好，{l} 个 B 更好，{t} 个持平", show: "显示", all: "全部查询", won: "A 更好", lost: "B 更好", tied: "持平", todo: "有待评判", differ: "前几名不同",
    find: "查询中的词", blind: "匿名评判", download: "下载评判", load: "读入评判", clear: "清除我的评判",
    progress: "已评判 {n} / {t}，其中本页 {m}", keys: "按键：方向键移动，0 1 2 3 打分，Delete 撤销，N 下一个待评判，J K 下一个、上一个查询",
    g0: "错误", g1: "可接受", g2: "好", g3: "正是它", grade: "{g} 分：{w}", only: "仅此处", also: "B 排第 {n}", alsoA: "A 排第 {n}", nothing: "没有结果", nopic: "没有图片",
    pool: "两边的结果，混合", said: "机器：{g}", more: "显示更多查询", shown: "已显示 {n} / {t} 个查询", nothingfound: "没有这样的查询。", kept: "{n} 条评判已写入 {f}", loaded: "已读入 {n} 条评判", badfile: "这不是评判文件：{w}",
    sure: "清除在本页所做的 {n} 条评判？", unknown: "本店没有", filter: "筛选", like: "类似", language: "English", left: "{n} 个编号含有制表符或换行，未写入", nostore: "此浏览器不会为这个文件保存内容：关闭前请下载评判。", rank: "第 {n} 名", judgedas: "{g} 分", notjudged: "未评判", photo: "查询图片", tools: "选择与评判",
  },
};
const KEPT = "shoplens-judgements:" + sheet.id, STEP = 20;
const two = sheet.names.length === 2;
let language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
let mine = {}, keeps = true, shown = STEP, blind = false, chosen = "all", sought = "", at = null, current = [];

const say = (name, values = {}) => WORDS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const make = (tag, attributes = {}, ...inside) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return node;
};
const number = (value, digits = 3) => value.toFixed(digits);
const signed = (value, digits = 3) => (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(digits);
const idOf = (key) => key.slice(2);
const picture = (name, alt) => make("img", { src: "data:image/jpeg;base64," + sheet.pictures[name], alt, loading: "lazy" });

// --- judgements --------------------------------------------------------------------------------
try { mine = JSON.parse(localStorage.getItem(KEPT) || "{}"); } catch { keeps = false; }
const keep = () => { try { localStorage.setItem(KEPT, JSON.stringify(mine)); } catch { keeps = false; } };
const own = (query, id) => (Object.hasOwn(mine, query.id) && Object.hasOwn(mine[query.id], id) ? mine[query.id][id] : undefined);
const given = (query, id) => (Object.hasOwn(query.grades, id) ? query.grades[id] : undefined);
const gradeOf = (query, id) => own(query, id) ?? given(query, id);
const pooled = (query) => [...new Set(query.hits.flat())];
function setGrade(query, id, grade) {
  if (grade === null) { if (Object.hasOwn(mine, query.id)) delete mine[query.id][id]; }
  else {
    if (!Object.hasOwn(mine, query.id)) Object.defineProperty(mine, query.id, { value: {}, writable: true, enumerable: true, configurable: true });
    Object.defineProperty(mine[query.id], id, { value: grade, writable: true, enumerable: true, configurable: true });
  }
  keep();
  for (const card of document.querySelectorAll(".hit")) if (card.query === query && idOf(card.key) === id) paintGrade(card);
  progress();
}
function everything() {
  const lines = [];
  let lost = 0;
  for (const query of sheet.queries) {
    const ids = new Set([...Object.keys(query.grades), ...Object.keys(Object.hasOwn(mine, query.id) ? mine[query.id] : {})]);
    for (const id of ids) {
      if (/[\t\r\n]/.test(id + query.id)) lost++;
      else lines.push([query.id, "0", id, gradeOf(query, id)].join("\t"));
    }
  }
  return [lines, lost];
}
function download() {
  const [lines, lost] = everything();
  const file = "judgements.trec";
  const address = URL.createObjectURL(new Blob([lines.join("\n") + (lines.length ? "\n" : "")], { type: "text/plain" }));
  make("a", { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
  tell(say("kept", { n: lines.length, f: file }) + (lost ? "; " + say("left", { n: lost }) : ""));
}
async function load(file) {
  const known = new Map(sheet.queries.map((query) => [query.id, query]));
  let count = 0;
  const read = [];
  for (const line of (await file.text()).split(/\r?\n/)) {
    if (!line.trim()) continue;
    const parts = line.split("\t").length >= 4 ? line.split("\t") : line.trim().split(/\s+/);
    if (parts.length !== 4 || !/^-?\d+$/.test(parts[3]) || parts[1].startsWith("machine")) return tell(say("badfile", { w: line.slice(0, 60) }));
    read.push(parts);
  }
  for (const [queryId, , id, grade] of read) {
    const query = known.get(queryId);
    if (query) { setGrade(query, id, Number(grade)); count++; }
  }
  tell(say("loaded", { n: count }));
}

// --- a card ------------------------------------------------------------------------------------
function card(query, key, place, side) {
  const product = sheet.products[key], id = idOf(key);
  const node = make("li", { class: "hit", tabindex: "-1" });
  Object.assign(node, { query, key, side, title_: product ? product.title : id, place });
  const pic = make("div", { class: "pic" }, product && product.picture ? picture(product.picture, "") : make("span", {}, say("nopic")));
  const name = make("span", { class: "name" });
  name.append(product && product.link ? make("a", { href: product.link, rel: "noreferrer noopener", target: "_blank", tabindex: "-1" }, product.title) : product ? product.title : id);
  node.append(pic, name);
  if (place) node.append(make("span", { class: "place", "aria-hidden": "true" }, String(place)));
  node.append(make("span", { class: "small" }, [id, product ? product.brand : say("unknown"), product ? product.price : ""].filter(Boolean).join(" · ")));
  if (product && product.attributes.length) node.append(make("span", { class: "small" }, product.attributes.slice(0, 4).map(([n, v]) => n + ": " + v).join("; ")));
  if (side !== null && two) {
    const other = query.hits[1 - side].indexOf(key);
    node.append(make("span", { class: "also " + (other < 0 ? "" : "soft") }, other < 0 ? say("only") : say(side === 0 ? "also" : "alsoA", { n: other + 1 })));
    if (other < 0) node.classList.add("only", side === 0 ? "a" : "b");
  }
  node.said = make("span", { class: "said" });
  node.marks = make("div", { class: "grades", role: "group" });
  for (const grade of [0, 1, 2, 3]) {
    node.marks.append(make("button", { type: "button", tabindex: "-1", title: say("g" + grade), onclick: () => {
      setGrade(query, id, own(query, id) === grade ? null : grade);
      focusOn(node, false);
    } }, String(grade)));
  }
  node.append(node.said, node.marks);
  node.addEventListener("focus", () => focusOn(node, false));
  paintGrade(node);
  return node;
}
function paintGrade(node) {
  const { query, key } = node, id = idOf(key), grade = gradeOf(query, id);
  for (const [n, button] of [...node.marks.children].entries()) {
    button.setAttribute("aria-pressed", String(grade === n));
    button.setAttribute("aria-label", say("grade", { g: n, w: say("g" + n) }) + " — " + node.title_);
  }
  const machine = Object.hasOwn(query.machine, id) ? query.machine[id] : null;
  // Whoever judges without names is not told what a machine thinks before they have judged themselves.
  node.said.hidden = !machine || (blind && grade === undefined);
  if (machine) node.said.textContent = say("said", { g: machine[0] }) + (machine[1] ? " — " + machine[1] : "");
  const place = node.place ? say("rank", { n: node.place }) + ": " : "";
  node.setAttribute("aria-label", place + node.title_ + ", " + (grade === undefined ? say("notjudged") : say("judgedas", { g: grade })));
}
function focusOn(node, move = true) {
  if (at && at !== node) { at.setAttribute("tabindex", "-1"); for (const button of at.marks.children) button.setAttribute("tabindex", "-1"); }
  at = node;
  node.setAttribute("tabindex", "0");
  for (const button of node.marks.children) button.setAttribute("tabindex", "0");
  if (move) { node.focus({ preventScroll: true }); node.scrollIntoView({ block: "nearest" }); }
}

// --- a query -----------------------------------------------------------------------------------
function mixed(query) {
  // An order that tells nothing of the ranks, and is the same each time.
  const mark = (text) => { let h = 2166136261; for (const c of text) h = Math.imul(h ^ c.codePointAt(0), 16777619); h ^= h >>> 15; h = Math.imul(h, 0x2c1b3c6d); return (h ^ (h >>> 13)) >>> 0; };
  return pooled(query).sort((x, y) => mark(query.id + x) - mark(query.id + y) || (x < y ? -1 : 1));
}
function column(query, keys, name, side) {
  const list = make("ol", { class: "hits" }, ...keys.map((key, n) => card(query, key, side === null ? 0 : n + 1, side)));
  const kind = side === null ? "" : side === 0 ? "a" : "b";
  return make("div", {}, make("h3", { class: kind }, name), keys.length ? list : make("p", { class: "none" }, say("nothing")));
}
function block(query) {
  const seeds = query.seeds.map((key) => sheet.products[key]?.title || idOf(key));
  const words = [query.q, seeds.length ? say("like") + " " + seeds.join(", ") : ""].filter(Boolean).join(" · ") || (query.photos.length ? say("photo") : query.id);
  const told = Object.entries(query.told).map(([name, value]) => name + ": " + value).join(" · ");
  const values = make("div", { class: "values soft" });
  if (!blind && query.values) {
    values.append(make("span", {}, sheet.measure + " ", two ? make("span", { class: "a" }, "A " + number(query.values[0])) : number(query.values[0])));
    if (two) values.append(make("span", { class: "b" }, "B " + number(query.values[1])), make("strong", {}, signed(query.values[0] - query.values[1])));
  }
  if (!blind && query.rbo !== null) values.append(make("span", {}, "RBO " + number(query.rbo, 2)));
  const title = make("h2", { tabindex: "-1" }, words);
  const columns = make("div", { class: "columns" });
  if (blind || !two) {
    columns.classList.add("one");
    columns.append(blind ? column(query, mixed(query), say("pool"), null) : column(query, query.hits[0], sheet.names[0], 0));
  } else columns.append(...sheet.names.map((name, side) => column(query, query.hits[side], "AB"[side] + " · " + name, side)));
  const asked = make("div", { class: "asked" }, ...query.photos.map((name) => picture(name, say("photo"))),
    make("div", {}, title, make("span", { class: "soft" }, [query.id, told].filter(Boolean).join(" · "))));
  return make("section", { class: "query" }, make("div", { class: "head" }, asked, values), columns);
}

// --- the page ----------------------------------------------------------------------------------
const difference = (query) => (two && query.values ? query.values[0] - query.values[1] : 0);
const FILTERS = {
  all: () => true,
  won: (query) => difference(query) > 1e-12, lost: (query) => difference(query) < -1e-12,
  tied: (query) => !!query.values && Math.abs(difference(query)) <= 1e-12,
  differ: (query) => two && query.hits[0].join("\n") !== query.hits[1].join("\n"),
  todo: (query) => pooled(query).some((key) => gradeOf(query, idOf(key)) === undefined),
};
let main, status, bar, list, more, count;
const tell = (text) => { status.textContent = text; };
function progress() {
  let all = 0, done = 0, here = 0;
  for (const query of sheet.queries) for (const key of pooled(query)) {
    all++;
    if (gradeOf(query, idOf(key)) !== undefined) done++;
  }
  for (const some of Object.values(mine)) here += Object.keys(some).length;
  bar.textContent = say("progress", { n: done, t: all, m: here });
}
function fill(from = 0) {
  if (from === 0) {
    at = null;
    list.replaceChildren();
    const text = sought.trim().toLowerCase();
    current = sheet.queries.filter((query) => FILTERS[chosen](query) && (query.q + " " + query.id).toLowerCase().includes(text));
    if (!current.length) list.append(make("p", { class: "none" }, say("nothingfound")));
  }
  list.append(...current.slice(from, shown).map(block));
  more.hidden = current.length <= shown;
  count.textContent = say("shown", { n: Math.min(shown, current.length), t: current.length });
  if (!at) { const first = list.querySelector(".hit"); if (first) focusOn(first, false); }
}
function showMore() { const from = shown; shown += STEP; fill(from); }
function sentence() {
  if (!sheet.measures.length) return say(two ? "nojudge" : "nojudge1");
  const row = sheet.measures.find((one) => one.name === sheet.measure);
  return sheet.verdict ? say(sheet.verdict, { m: sheet.measure, p: row.p.toFixed(4) }) : "";
}
function measures() {
  const heads = two ? ["measure", null, null, "diff", "range", "p", "wins", "losses", "ties"] : ["measure", "mean", "range"];
  const head = make("tr", {}, ...heads.map((name, n) => make("th", { scope: "col", class: n === 1 && two ? "a" : n === 2 && two ? "b" : "" }, name ? say(name) : "AB"[n - 1])));
  const rows = sheet.measures.map((row) => {
    const cells = two
      ? [number(row.sides[0][0]), number(row.sides[1][0]), signed(row.difference[0]), signed(row.difference[1]) + " … " + signed(row.difference[2]), row.p.toFixed(4), row.wins, row.losses, row.ties]
      : [number(row.sides[0][0]), number(row.sides[0][1]) + " … " + number(row.sides[0][2])];
    return make("tr", { class: row.name === sheet.measure ? "chosen" : "" }, make("th", { scope: "row" }, row.name), ...cells.map((cell) => make("td", {}, String(cell))));
  });
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("measures") }, make("table", {}, make("caption", {}, say("measures")), make("thead", {}, head), make("tbody", {}, ...rows)));
}
function chart() {
  const judged = sheet.queries.filter((query) => query.values).map(difference).sort((x, y) => y - x);
  if (!two || !judged.length) return null;
  const most = Math.max(...judged.map(Math.abs), 1e-9);
  const box = make("div", { class: "bars", "aria-hidden": "true" });
  for (const value of judged) {
    const one = make("i", { class: value < 0 ? "lost" : "" });
    one.style.setProperty("--size", (34 * Math.abs(value)) / most + "px");
    box.append(one);
  }
  const words = say("chart", { w: judged.filter((v) => v > 1e-12).length, l: judged.filter((v) => v < -1e-12).length, t: judged.filter((v) => Math.abs(v) <= 1e-12).length });
  return make("figure", { class: "figure" }, make("figcaption", { class: "soft" }, words), box);
}
function machines() {
  const j = sheet.judged, agree = j.agreement;
  const said = agree ? say("agrees", { n: agree.pairs, s: Math.round(100 * agree.same), k: agree.kappa.toFixed(2) }) : say("unsure");
  return say("machines", { n: j.pairs, m: j.models || "?" }) + " " + said;
}
function summary() {
  const names = two ? { a: "A · " + sheet.names[0], b: "B · " + sheet.names[1] } : { a: sheet.names[0] };
  const other = language === "en" ? "zh" : "en";
  const change = make("button", { type: "button", class: "push", lang: other, onclick: () => { language = other; draw(); document.querySelector("header button").focus(); } }, say("language"));
  const out = make("header", { class: "wide" }, make("div", { class: "top" }, make("h1", {}, say(two ? "against" : "alone", names)), change),
    make("p", { class: "soft" }, say("made", { n: sheet.queries.length, when: sheet.made, v: sheet.version })));
  if (sheet.judged.pairs) out.append(make("p", { class: "machine-note" }, make("strong", {}, say("machine") + ": "), machines()));
  const text = sentence();
  if (text) out.append(make("p", { class: "verdict" }, text));
  if (sheet.measures.length) {
    out.append(measures());
    if (sheet.left_out.unjudged + sheet.left_out.nothing_relevant) out.append(make("p", { class: "soft" }, say("leftout", { u: sheet.left_out.unjudged, z: sheet.left_out.nothing_relevant })));
  }
  const drawn = chart();
  if (drawn) out.append(drawn);
  const o = sheet.overlap;
  if (o) out.append(make("p", {}, say("rbo", { r: number(o.rbo.mean), l: number(o.rbo.low), h: number(o.rbo.high), s: Math.round(100 * o.shared.mean), f: Math.round(100 * o.first.mean), n: o.same, t: sheet.queries.length })));
  const times = sheet.latency;
  if (times.every((value) => value > 0)) out.append(make("p", { class: "soft" }, say(two ? "latency" : "latency1", { a: times[0].toFixed(1), b: (times[1] || 0).toFixed(1) })));
  return out;
}
function tools() {
  const options = ["all", ...(two && sheet.measures.length ? ["won", "lost", "tied"] : []), ...(two ? ["differ"] : []), "todo"];
  const select = make("select", { onchange: (event) => { chosen = event.target.value; shown = STEP; fill(); } }, ...options.map((name) => make("option", { value: name, selected: name === chosen }, say(name))));
  const search = make("input", { type: "search", value: sought, "aria-label": say("find"), placeholder: say("find"), oninput: (event) => { sought = event.target.value; shown = STEP; fill(); } });
  const file = make("input", { type: "file", accept: ".trec,.txt,.qrels,text/plain", hidden: true, onchange: () => { if (file.files[0]) load(file.files[0]); file.value = ""; } });
  const push = (name, what, kind = "") => make("button", { type: "button", class: "push " + kind, onclick: what }, say(name));
  bar = make("span", { class: "soft" });
  status = make("span", { role: "status", class: "soft" });
  const forget = () => {
    const n = Object.values(mine).reduce((sum, some) => sum + Object.keys(some).length, 0);
    if (n && confirm(say("sure", { n }))) { mine = {}; keep(); fill(); progress(); }
  };
  return make("div", { class: "tools", role: "region", "aria-label": say("tools") }, make("div", { class: "wide" },
    make("label", {}, say("show") + " ", select), search,
    two ? make("label", {}, make("input", { type: "checkbox", checked: blind, onchange: (event) => { blind = event.target.checked; fill(); } }), say("blind")) : null,
    make("span", { class: "grow" }), bar, push("download", download, "main"), push("load", () => file.click()), push("clear", forget), file, status));
}
function draw() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  count = make("p", { class: "soft", "aria-live": "polite" });
  list = make("div", {});
  more = make("div", { class: "more" }, make("button", { type: "button", class: "push", onclick: showMore }, say("more")));
  main = make("main", { id: "queries", class: "wide", tabindex: "-1" }, make("p", { class: "soft" }, say("keys")), count, list, more);
  const skip = make("a", { class: "skip", href: "#queries" }, say("skip"));
  const old = document.getElementById("all");
  const page = make("div", { id: "all" }, skip, summary(), tools(), main);
  if (old) old.replaceWith(page); else document.body.append(page);
  fill();
  progress();
  if (!keeps) tell(say("nostore"));
}

// --- keys --------------------------------------------------------------------------------------
function cards() { return [...list.querySelectorAll(".hit")]; }
function step(key) {
  const all = cards(), place = all.indexOf(at);
  if (place < 0) return null;
  if (key === "ArrowRight") return all[place + 1];
  if (key === "ArrowLeft") return all[place - 1];
  const here = at.getBoundingClientRect(), middle = here.left + here.width / 2, down = key === "ArrowDown";
  let best = null, least = Infinity;
  for (const other of all) {
    const box = other.getBoundingClientRect(), away = down ? box.top - here.bottom : here.top - box.bottom;
    const far = Math.max(away, 0) * 4 + Math.abs(box.left + box.width / 2 - middle);
    if (away > -4 && other !== at && far < least) { best = other; least = far; }
  }
  return best;
}
function nextToJudge() {
  const all = cards(), from = all.indexOf(at);
  for (let n = 1; n <= all.length; n++) {
    const other = all[(from + n) % all.length];
    if (gradeOf(other.query, idOf(other.key)) === undefined) return other;
  }
  return null;
}
function otherQuery(by) {
  const blocks = [...list.querySelectorAll(".query")].filter((one) => one.querySelector(".hit"));
  const place = blocks.findIndex((one) => one.contains(at));
  if (by > 0 && place === blocks.length - 1 && !more.hidden) { showMore(); return otherQuery(by); }
  return blocks[place + by] ? blocks[place + by].querySelector(".hit") : null;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || !at) return;
  const inside = list.contains(document.activeElement);
  const key = event.key;
  let to = null;
  if (/^[0-3]$/.test(key) && inside) {
    const before = gradeOf(at.query, idOf(at.key));
    setGrade(at.query, idOf(at.key), Number(key));
    if (before === undefined) to = nextToJudge();
    event.preventDefault();
  } else if (/^(Delete|Backspace)$/.test(key) && inside) { setGrade(at.query, idOf(at.key), null); event.preventDefault(); }
  else if (/^Arrow/.test(key) && inside) { to = step(key); if (to) event.preventDefault(); }
  else if (key === "n" || key === "N") to = nextToJudge();
  else if (key === "j" || key === "J") to = otherQuery(1);
  else if (key === "k" || key === "K") to = otherQuery(-1);
  if (to) focusOn(to);
});
draw();
