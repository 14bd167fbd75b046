// Why a hit is here: where its picture matches, what agrees with what was asked and what does not, the words, the parts of its score.
import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "~/api";
import { language, number } from "~/i18n";
import { Dialog, Spinner } from "~/kit";
import { Picture } from "./Picture";
import * as shop from "./store";
import { say } from "./texts";

type Highlight = Schemas["Why"]["highlights"][number];
type Trait = Schemas["Why"]["traits"][number];
const MOST = 4; // texts with marked words: the others say the same again
const zh = () => language() === "zh";

function sourceName(source: string): string {
  const words = say();
  const names: Record<string, string> = {
    words: words.words, "words>picture": words.wordsPicture, "words>text": words.wordsText, "picture>picture": words.picturePicture, "picture>attributes": words.pictureAttributes,
    "seed>picture": words.seedPicture, "seed>text": words.seedText, rule: words.rule, diversity: words.diversity, understood: words.understood,
  };
  return names[source] ?? source;
}

const signed = (value: number) => `${value >= 0 ? "+" : "−"}${number(Math.abs(value), { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

function Parts({ hit }: { hit: shop.Hit }) {
  const sums = new Map<string, number>();
  for (const { source, contribution } of hit.reasons) sums.set(source, (sums.get(source) ?? 0) + (contribution ?? 0));
  const most = Math.max(0.001, ...[...sums.values()].map(Math.abs));
  return (
    <dl class="parts">
      {[...sums].map(([source, value]) => (
        <div key={source}>
          <dt>{sourceName(source)}</dt>
          <dd class="num">{signed(value)}</dd>
          <span class={value < 0 ? "bar less" : "bar"} style={{ width: `${(Math.abs(value) / most) * 100}%` }} aria-hidden="true" />
        </div>
      ))}
    </dl>
  );
}

// The server counts code points, a string of ours UTF-16 units: Array.from makes them one.
function Marked({ text, ranges }: Highlight) {
  const signs = Array.from(text);
  const out = [];
  let at = 0;
  for (const [start = 0, end = 0] of ranges) {
    out.push(signs.slice(at, start).join(""), <mark>{signs.slice(start, end).join("")}</mark>);
    at = end;
  }
  return <p dir="auto">{out}{signs.slice(at).join("")}</p>;
}

function traitText(one: Trait): string {
  const has = (zh() && one.has_zh) || one.has;
  const asked = (zh() && one.asked_zh) || one.asked;
  const words = say();
  const from = one.part === "words" ? words.asked : one.part.startsWith("like ") ? words.likeIs : words.photoShows; // nobody asked for what was read off a photo
  const name = one.attribute === "kind" ? words.category : words[one.attribute as "color"];
  return `${name}${zh() ? "：" : ": "}${has}${one.source === "picture" ? ` (${words.seen})` : ""}${one.agrees ? "" : ` — ${from}${asked}`}`;
}

export function Why({ hit: given, onClose }: { hit: shop.Hit; onClose: () => void }) {
  const [hit, setHit] = useState(given);
  const [busy, setBusy] = useState(true);
  const [heat, setHeat] = useState<string | null>(null);
  const [shown, setShown] = useState(true);
  const name = shop.titleOf(hit.product);
  useEffect(() => {
    let here = true;
    let made: string | null = null;
    void shop.explained(given).then((found) => here && setHit(found), () => {}).finally(() => here && setBusy(false));
    void shop.heatOf(given).then((source) => { made = source; if (here) setHeat(source); else if (source) URL.revokeObjectURL(source); }, () => {});
    return () => { here = false; if (made) URL.revokeObjectURL(made); };
  }, []);
  const { why } = hit;
  const because = why && (zh() ? why.because_zh : why.because);
  const seen = new Set<string>();
  const texts = (why?.highlights ?? []).filter(({ text }) => !seen.has(text) && seen.add(text)).slice(0, MOST);
  const traits = (why?.traits ?? []).filter((one) => one.part === "words" || !one.agrees); // what agrees with a photo is in the sentence
  return (
    <Dialog title={say().whyThis(name)} onClose={onClose}>
      <div class="why">
        <figure>
          <div class="tile">
            <Picture hash={hit.picture} alt={name} sizes="320px" eager />
            {heat && shown && <img class="heat" src={heat} alt={say().heat} width="480" height="480" />}
          </div>
          {heat && <label class="check"><input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />{say().showHeat}</label>}
        </figure>
        <div class="stack">
          {because && <p class="because" dir="auto">{because}</p>}
          {traits.length > 0 && <ul class="traits">{traits.map((one) => <li key={one.part + one.attribute + one.asked} class={one.agrees ? "agrees" : "differs"} dir="auto"><span class="sr">{one.agrees ? say().agrees : say().differs}: </span>{traitText(one)}</li>)}</ul>}
          {texts.length > 0 && <div><h3>{say().matched}</h3>{texts.map((one) => <Marked key={one.field + one.text} {...one} />)}</div>}
          {hit.reasons.length > 0 ? <div><h3>{say().parts}</h3><Parts hit={hit} /></div> : <p>{say().noReasons}</p>}
          {hit.confidence != null && <p class="soft small-text">{say().sure(number(hit.confidence, { style: "percent", maximumFractionDigits: 0 }))}</p>}
          {busy && <Spinner label={say().busy} />}
        </div>
      </div>
    </Dialog>
  );
}
