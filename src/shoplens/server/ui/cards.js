// One hit as a card: its picture first, then what it is, what it costs, and why it is here.
import { element, pictureOf, told } from "./dom.js";
import { reasons } from "./why.js";
import { language, learn, named, say } from "./words.js";

export function titleOf(product) {
  const other = product.translations.find((t) => t.language.startsWith(language()) && t.title);
  return (language() !== "en" && other?.title) || product.title || product.translations[0]?.title || product.id;
}

function money(value, currency) {
  const style = currency ? { style: "currency", currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  try { return new Intl.NumberFormat(language(), style).format(value); } catch { return `${value} ${currency ?? ""}`; }
}

function price(variant) {
  if (variant.price == null && variant.in_stock !== false) return null;
  const line = element("p", { class: "price" });
  if (variant.price != null) {
    line.append(element("span", {}, money(variant.price, variant.currency)));
    if (variant.list_price > variant.price) line.append(element("s", {}, money(variant.list_price, variant.currency)));
  }
  if (variant.in_stock === false) line.append(element("span", { class: "out" }, say("out")));
  return line;
}

function picture(hit, name) {
  const missing = () => element("span", {}, say("picture"));
  if (!hit.picture) return missing();
  return element("img", {
    src: pictureOf(hit.picture, 480), alt: name, loading: "lazy", decoding: "async", width: 480, height: 480,
    onerror: (event) => event.target.replaceWith(missing()),
  });
}

// Only web addresses become links: a feed can hold anything, "javascript:" too.
const webLink = (link) => (/^https?:\/\//i.test(link ?? "") ? link : null);

export function card(hit, onSimilar, onHeat) {
  const { product } = hit;
  const variant = product.variants.find((v) => v.id === hit.variant_id) ?? product.variants[0] ?? {};
  learn(variant.attributes);
  const name = titleOf(product);
  const link = webLink(variant.link || product.link);
  const values = Object.entries(variant.attributes ?? {}).filter(([key]) => !key.endsWith("_zh")).slice(0, 4)
    .map(([key, list]) => list.map((value) => named(key, value)).join(" / "));
  const row = element("div", { class: "row" },
    element("button", { type: "button", "aria-label": `${say("similar")}: ${name}`, onclick: () => onSimilar(product, hit) }, say("similar")));
  const text = element("div", { class: "text" },
    element("h3", {}, link ? told("a", name, { href: link, rel: "noopener" }) : told("span", name)),
    values.length ? told("p", values.join(" · "), { class: "variant" }) : null, price(variant), row);
  if (hit.reasons.length) {
    const list = element("div", { class: "why", hidden: true }, ...reasons(hit));
    row.append(element("button", {
      type: "button", "aria-expanded": "false", "aria-label": `${say("why")} ${name}`,
      onclick: (event) => {
        list.hidden = !list.hidden;
        event.currentTarget.setAttribute("aria-expanded", String(!list.hidden));
        if (!list.hidden && !list.dataset.heat && hit.picture) {
          list.dataset.heat = "asked";
          onHeat(hit).then((source) => source && list.append(
            element("img", { src: source, alt: say("heat"), width: 480, height: 480, onload: () => URL.revokeObjectURL(source) }),
          ));
        }
      },
    }, say("why")));
    text.append(list);
  }
  return element("li", { class: "card" }, element("div", { class: "picture" }, picture(hit, name)), text);
}
