// Why a hit is here: the parts of its score, the words that match, what agrees with what was asked and what does not.
import { element, told } from "./dom.js";
import { language, say } from "./words.js";

const zh = () => language() === "zh";
const MOST = 4; // texts with marked words: the others say the same again

function parts(hit) {
  const list = element("dl");
  for (const reason of hit.reasons) {
    const share = `${reason.contribution >= 0 ? "+" : "−"}${Math.abs(reason.contribution).toFixed(2)}`;
    list.append(element("dt", {}, say(reason.source)), element("dd", {}, share));
  }
  return list;
}

// The server counts code points, a string of ours UTF-16 units: Array.from makes them one.
function marked({ text, ranges }) {
  const signs = Array.from(text);
  const line = told("p", "", { class: "marked" });
  let at = 0;
  for (const [start, end] of ranges) {
    line.append(signs.slice(at, start).join(""), element("mark", {}, signs.slice(start, end).join("")));
    at = end;
  }
  line.append(signs.slice(at).join(""));
  return line;
}

function trait(one) {
  const has = (zh() && one.has_zh) || one.has;
  const asked = (zh() && one.asked_zh) || one.asked;
  const name = one.attribute === "kind" ? say("category") : say(one.attribute);
  const source = one.source === "picture" ? ` (${say("seen")})` : "";
  const other = one.agrees ? "" : ` — ${say("asked")}${asked}`;
  return told("li", `${name}${zh() ? "：" : ": "}${has}${source}${other}`, { class: one.agrees ? "agrees" : "differs" });
}

export function reasons(hit) {
  const made = [parts(hit)];
  const { why } = hit;
  if (!why) return made;
  const because = zh() ? why.because_zh : why.because;
  if (because) made.unshift(told("p", because, { class: "because" }));
  const seen = new Set();
  const texts = why.highlights.filter(({ text }) => !seen.has(text) && seen.add(text)).slice(0, MOST);
  made.push(...texts.map(marked));
  const own = why.traits.filter((one) => one.part === "words" || !one.agrees); // what agrees with a photo is in the sentence
  if (own.length) made.push(element("ul", { class: "traits" }, ...own.map(trait)));
  return made;
}
