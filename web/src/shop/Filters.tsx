// The filters beside the results, with counts; and as chips above them, with what was read out of the words.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Schemas } from "~/api";
import { number } from "~/i18n";
import { Button, Check, Chip } from "~/kit";
import { chosenWith, rangeName, rangeOf, unfiltered, type Query } from "./query";
import * as shop from "./store";
import { say } from "./texts";
import { hexOf, named } from "./values";

type Facet = Schemas["Facet"];
type Value = Schemas["FacetValue"];
const SHORT = 8; // values of a facet that are shown at once
const PATH = " > ";
const legendOf = (field: string): string => { const text = (say() as unknown as Record<string, unknown>)[field]; return typeof text === "string" ? text : field; };
const choose = (query: Query, field: string, value: string, on: boolean) => void shop.ask(chosenWith(query, field, value, on));

function Choice({ field, value, count, label }: { field: string; value: string; count: number; label: string }) {
  const { query } = shop.now();
  const hex = field === "color" ? hexOf(value) : undefined;
  return (
    <Check checked={Boolean(query.chosen[field]?.includes(value))} onValue={(on) => choose(query, field, value, on)}>
      {hex && <span class="dot" style={{ backgroundColor: hex }} aria-hidden="true" />}
      <span class="value" dir="auto">{label}</span>
      <span class="count">{number(count)}</span>
    </Check>
  );
}

// Categories as a tree: children stand under their parent once it is opened, chosen, or the only one.
function Tree({ values }: { values: readonly Value[] }) {
  const [unfolded, setUnfolded] = useState<ReadonlyMap<string, boolean>>(new Map());
  const chosen = shop.now().query.chosen.category ?? [];
  const known = new Set(values.map(({ value }) => value));
  const under = new Map<string, Value[]>();
  for (const entry of values) {
    const end = entry.value.lastIndexOf(PATH);
    const parent = end > 0 && known.has(entry.value.slice(0, end)) ? entry.value.slice(0, end) : "";
    under.set(parent, [...(under.get(parent) ?? []), entry]);
  }
  const isOpen = (value: string) => unfolded.get(value)
    ?? (values.length <= SHORT || under.get("")?.length === 1 || chosen.some((one) => one === value || one.startsWith(value + PATH)));
  const branch = (parent: string) => (
    <ul class="tree">
      {(under.get(parent) ?? []).map(({ value, count }) => {
        const label = named("category", parent ? value.slice(parent.length + PATH.length) : value);
        const open = under.has(value) && isOpen(value);
        return (
          <li key={value}>
            <div class="line">
              {under.has(value)
                ? <button type="button" class="fold" aria-expanded={open} aria-label={say().inside(label)} onClick={() => setUnfolded(new Map(unfolded).set(value, !open))} />
                : <span class="fold" />}
              <Choice field="category" value={value} count={count} label={label} />
            </div>
            {open && branch(value)}
          </li>
        );
      })}
    </ul>
  );
  return branch("");
}

function FacetOf({ facet: { field, counts } }: { facet: Facet }) {
  const [whole, setWhole] = useState(false);
  const chosen = shop.now().query.chosen[field] ?? [];
  const values: Value[] = [...counts, ...chosen.filter((value) => !counts.some((one) => one.value === value)).map((value) => ({ value, count: 0 }))];
  if (!values.length) return null;
  if (field === "category" && values.some(({ value }) => value.includes(PATH))) {
    return <fieldset><legend>{legendOf(field)}</legend><Tree values={values} /></fieldset>;
  }
  const shown = whole ? values : values.filter(({ value }, n) => n < SHORT || chosen.includes(value));
  return (
    <fieldset>
      <legend>{legendOf(field)}</legend>
      {shown.map(({ value, count }) => <Choice key={value} field={field} value={value} count={count} label={named(field, value)} />)}
      {values.length > SHORT && <Button kind="plain" small aria-expanded={whole} onClick={() => setWhole(!whole)}>{whole ? say().less : say().all(values.length)}</Button>}
      {field === "material" && <p class="soft small-text">{say().ruleOut}</p>}
    </fieldset>
  );
}

function Amount({ label, value, placeholder, onValue }: { label: string; value: string; placeholder: string; onValue: (value: string) => void }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => { if (box.current) box.current.value = value; }, [value]);
  return (
    <label>
      <span class="soft small-text">{label}</span>
      <input ref={box} class="input" type="number" min={0} step="any" inputMode="decimal" defaultValue={value} placeholder={placeholder} onChange={(event) => onValue(event.currentTarget.value)} />
    </label>
  );
}

export function Filters({ open }: { open: boolean }) {
  const { query, results, facets } = shop.now();
  const kept = useRef<readonly Facet[]>([]); // a search that fails leaves the filters to be taken off again
  kept.current = results?.answer.facet_counts.length ? results.answer.facet_counts : kept.current;
  const counted = kept.current;
  const limit = counted.find(({ field }) => field === "price");
  const missing = Object.keys(query.chosen).filter((field) => field !== "price" && !counted.some((one) => one.field === field) && facets.includes(field));
  const start = results ? shop.startOf(results.query) : ""; // another search has other facets: they are drawn anew, not pushed about
  return (
    <aside id="filters" aria-label={say().filters} class={open ? "filters open" : "filters"}>
      <Check checked={query.stock} onValue={(stock) => void shop.ask({ ...query, stock })}><span class="value">{say().stock}</span></Check>
      {limit && (limit.max != null || query.price !== "" || query.priceFrom !== "") && (
        <fieldset key={`${start} price`}>
          <legend>{say().prices}</legend>
          <div class="range">
            <Amount label={say().priceFrom} value={query.priceFrom} placeholder={limit.min == null ? "" : String(limit.min)} onValue={(priceFrom) => void shop.ask({ ...query, priceFrom })} />
            <Amount label={say().price} value={query.price} placeholder={limit.max == null ? "" : String(limit.max)} onValue={(price) => void shop.ask({ ...query, price })} />
          </div>
          {(limit.ranges ?? []).map((one) => <Choice key={rangeOf(one)} field="price" value={rangeOf(one)} count={one.count} label={rangeName(rangeOf(one))} />)}
        </fieldset>
      )}
      {[...counted, ...missing.map((field): Facet => ({ field, counts: [], missing: 0 }))].filter(({ field }) => field !== "price").map((facet) => <FacetOf key={`${start} ${facet.field}`} facet={facet} />)}
    </aside>
  );
}

export function Chips() {
  const { query, results, busy } = shop.now();
  const list = useRef<HTMLUListElement>(null);
  const had = useRef(false);
  const understood = results?.answer.understood ?? [];
  // The chip goes away under the fingers of who used it: the first one left, else the results, are where reading goes on.
  useEffect(() => {
    if (!had.current || busy) return;
    (list.current?.querySelector("button") ?? document.getElementById("results"))?.focus({ preventScroll: true });
    had.current = false;
  });
  const drop = (change: () => void) => () => { had.current = true; change(); };
  const nameOf = (field: string, value: string) => (field === "price" ? rangeName(value) : named(field, value).split(PATH).at(-1) ?? value);
  const filter = (text: string, next: Query) => <li key={`f ${text}`}><Chip removeLabel={say().drops(text)} onRemove={drop(() => void shop.ask(next))}>{text}</Chip></li>;
  const chips = [
    ...Object.entries(query.chosen).flatMap(([field, values]) => values.map((value) => filter(nameOf(field, value), chosenWith(query, field, value, false)))),
    ...understood.map(({ id, text, filter: must, boost, denies }) => (
      <li key={`u ${id}`}>
        <Chip tone={must || boost || denies.length ? "strong" : "unused"} title={say().read} removeLabel={say().plain(text)}
          onRemove={drop(() => void shop.ask({ ...query, plain: [...query.plain, id] }))}>{text}</Chip>
      </li>
    )),
    ...(query.priceFrom !== "" ? [filter(`${say().priceFrom} ${query.priceFrom}`, { ...query, priceFrom: "" })] : []),
    ...(query.price !== "" ? [filter(`${say().price} ${query.price}`, { ...query, price: "" })] : []),
    ...(query.stock ? [filter(say().stock, { ...query, stock: false })] : []),
  ];
  if (!chips.length) return null;
  return (
    <ul class="chips" ref={list} aria-label={say().chosen}>
      {chips}
      {chips.length > 1 && (
        <li><Button kind="plain" small onClick={drop(() => void shop.ask({ ...unfiltered(query), plain: [...query.plain, ...understood.map(({ id }) => id)] }))}>{say().clear}</Button></li>
      )}
    </ul>
  );
}

