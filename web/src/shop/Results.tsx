// What was found: said in a line, shown as a grid that goes on while it is scrolled, with the end of what surely matches marked.
import { useEffect, useRef, useState } from "preact/hooks";
import { common } from "~/i18n/common";
import { language, number } from "~/i18n";
import { Button, Empty, Select, Spinner } from "~/kit";
import { Chips } from "./Filters";
import { ProductCard } from "./ProductCard";
import { asksForSomething, countFilters, isFiltered, NOTHING, unfiltered, type Sort } from "./query";
import * as shop from "./store";
import { isCause, noted, say } from "./texts";
import { Why } from "./Why";

const SURE = 0.5; // confidence from which on the service calls a hit a match (its verdict)
const BY_ITSELF = 5; // pages that come by scrolling; then a button, so that the foot of the page can be reached

function summary(): string {
  const { results, also } = shop.now();
  if (!results) return "";
  const { answer, query } = results;
  const space = language() === "zh" ? "" : " ";
  const parts: string[] = [];
  if (answer.degraded.length) parts.push(say().degraded);
  if (query.like) parts.push(say().like(shop.now().query.like?.name ?? query.like.name));
  const causes = answer.notes.filter(isCause);
  if (answer.verdict === "none" || !answer.found) {
    const byFilter = causes.some(({ code }) => code.startsWith("filter_"));
    const advice = byFilter ? say().unfilter : query.words.includes(" ") ? say().fewer : "";
    parts.push([...(causes.length ? causes.map(noted) : [say().none]), advice].filter(Boolean).join(space));
  } else {
    if (answer.verdict === "similar") parts.push(say().likely);
    parts.push(say().found(answer.found, number(answer.search_time_ms ?? 0, { minimumFractionDigits: 1, maximumFractionDigits: 1 })));
  }
  const others = answer.notes.filter((note) => !isCause(note));
  if (others.length) parts.push(`${language() === "zh" ? "。" : ". "}${others.map(noted).join(space)}`);
  if (also) parts.push(` ${also}`);
  return parts.join("");
}

/** After how many hits nothing is surely a match any more; null where the answer draws no such line. */
export function certainUntil({ answer, hits, query }: shop.Results): number | null {
  if (answer.verdict !== "match" || query.sort || !asksForSomething(query)) return null;
  const last = hits.findLastIndex((hit) => hit.pinned || (hit.confidence ?? 0) >= SURE);
  return last >= 0 && last < hits.length - 1 ? last + 1 : null;
}

function Meant() {
  const { results } = shop.now();
  const words = results?.answer.did_you_mean;
  if (!results || !words) return null;
  const [before, said, after] = say().meant(words);
  return (
    <Button kind="plain" small onClick={() => { void shop.ask({ ...results.query, words }); document.getElementById("words")?.focus(); }}>
      <span>{before}<bdi>{said}</bdi>{after}</span>
    </Button>
  );
}

function Nothing() {
  const { results } = shop.now();
  if (!results) return null;
  const { query, answer } = results;
  const first = query.words.split(/\s+/)[0] ?? "";
  const causes = answer.notes.filter(isCause);
  return (
    <Empty title={causes[0] ? noted(causes[0]) : say().none}>
      {(asksForSomething(query) || isFiltered(query)) && <p>{say().helps}</p>}
      <div class="row center">
        {isFiltered(query) && <Button onClick={() => void shop.ask(unfiltered(query))}>{say().dropFilters}</Button>}
        {query.photos.length > 0 && query.words && <Button onClick={() => void shop.ask({ ...query, photos: [] })}>{say().dropPhotos}</Button>}
        {query.unlike.length > 0 && <Button onClick={() => void shop.ask({ ...query, unlike: [] })}>{say().dropUnlike}</Button>}
        {first && first !== query.words && <Button onClick={() => void shop.ask({ ...query, words: first })}>{say().lastWord(first)}</Button>}
        {answer.understood.length > 0 && <Button onClick={() => void shop.ask({ ...query, plain: [...query.plain, ...answer.understood.map(({ id }) => id)] })}>{say().plainly}</Button>}
        {(asksForSomething(query) || isFiltered(query)) && <Button onClick={() => void shop.ask(NOTHING)}>{say().all_}</Button>}
      </div>
    </Empty>
  );
}

export function Bar({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  const { query, error, busy } = shop.now();
  const chosen = countFilters(query);
  return (
    <div class="bar">
      <p id="status" role="status" aria-live="polite" class={error ? "wrong-text" : "soft"}>{busy ? say().busy : error ? say().failed + error : summary()}</p>
      {!busy && !error && <Meant />}
      {error && !busy && <Button small onClick={() => void shop.again()}>{common().again}</Button>}
      <Button class="filters-open" aria-expanded={open} aria-controls="filters" onClick={() => onOpen(!open)}>{say().filters + (chosen ? ` (${number(chosen)})` : "")}</Button>
      <Select<Sort> aria-label={say().sort} class="sort" value={query.sort} onValue={(sort) => void shop.ask({ ...query, sort })}
        options={[{ value: "", label: say().best }, { value: "price:asc", label: say().cheap }, { value: "price:desc", label: say().dear }]} />
    </div>
  );
}

export function Results() {
  const { results, busy, loadingMore } = shop.now();
  const [why, setWhy] = useState<shop.Hit | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const left = Boolean(results?.cursor && results.hits.length);
  const byItself = left && !busy && (results?.pages ?? 0) < BY_ITSELF;
  useEffect(() => {
    if (!byItself || !end.current) return;
    const watcher = new IntersectionObserver(([seen]) => { if (seen?.isIntersecting) void shop.more(); }, { rootMargin: "900px" });
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [byItself, results?.hits.length]);
  const boundary = results && certainUntil(results);
  const hits = results?.hits ?? [];
  const list = results && shop.startOf(results.query); // another start: new cards at new places, not old ones pushed about by chips
  return (
    <section id="results" tabIndex={-1} aria-label={say().results}>
      <h2 class="sr">{say().results}</h2>
      <Chips />
      {!results && busy && <ul class="hits" aria-hidden="true">{Array.from({ length: 12 }, (_, n) => <li class="hit" key={n}><div class="tile waiting" /></li>)}</ul>}
      {results && !hits.length && !busy && <Nothing />}
      <ol id="hits" key={list} class="hits" aria-busy={busy || undefined}>
        {hits.map((hit, n) => [
          n === boundary && <li key="boundary" class="boundary"><p>{say().ends}</p></li>,
          <ProductCard key={hit.product.id} hit={hit} eager={n < 8} onWhy={() => setWhy(hit)} />,
        ])}
      </ol>
      <div ref={end} />
      {loadingMore && <p class="center"><Spinner label={say().loading} /></p>}
      {left && !busy && !loadingMore && <Button class="more" onClick={() => void shop.more()}>{say().more}</Button>}
      {why && <Why hit={why} onClose={() => setWhy(null)} />}
    </section>
  );
}
