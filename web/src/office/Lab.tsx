// The search lab: a query beside two configurations, with scores and reasons; hits are judged by keyboard.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort, type Schemas } from "~/api";
import { money, number, texts } from "~/i18n";
import { Button, Check, Chip, Empty, Tabs, TextField } from "~/kit";
import { AS_IS, Configuration, fieldsOf, type Side } from "./configuration";
import { ManyQueries } from "./ManyQueries";
import { attempt, Failure, Heading, Live, ms, percent, Thumb, titleOf, useLoad } from "./parts";
import { go, hrefOf, usePlace } from "./route";
import { api } from "./session";
import { say } from "./texts";

const en = {
  parts: "What is asked", one: "One query", many: "Many queries", words: "Query", filter: "Filter", filterHint: "price<50 and in_stock", ask: "Ask both", reasons: "Show scores and reasons", hits: (side: string, name: string) => `${side}: ${name}`, found: (n: string) => `${n} found`, nothing: "Nothing found",
  agreement: (rbo: string, shared: string) => `Agreement ${rbo}; ${shared} of the first ten shared`, from: (n: string) => `at ${n} in A`, notIn: "not in A", same: "same place", judge: "Judge: arrows move from hit to hit and from side to side; 0 wrong, 1 acceptable, 2 good, 3 just right; Delete takes it back.",
  grades: ["wrong", "acceptable", "good", "just right"] as readonly string[], grade: (name: string) => `Grade of ${name}`, hit: (n: string, name: string, grade: string) => `${n}. ${name}${grade && `, judged ${grade}`}`, saved: (name: string, grade: string) => `${name}: ${grade}`, takenBack: (name: string) => `${name}: judgement taken back`, score: "score", sure: "sure", judged: (n: string) => `${n} judged`,
  begin: "Type a query and ask both sides. With configuration B you choose what is different.",
};
const zh: typeof en = {
  parts: "比较方式", one: "一个搜索词", many: "多个搜索词", words: "搜索词", filter: "筛选", filterHint: "price<50 and in_stock", ask: "同时搜索", reasons: "显示得分和原因", hits: (side, name) => `${side}：${name}`, found: (n) => `找到 ${n} 个`, nothing: "没有找到",
  agreement: (rbo, shared) => `一致度 ${rbo}；前十名有 ${shared} 相同`, from: (n) => `在 A 中排第 ${n}`, notIn: "A 中没有", same: "位置相同", judge: "评判：方向键在结果和两侧之间移动；0 不相关，1 尚可，2 好，3 正是所要；Delete 撤销。",
  grades: ["不相关", "尚可", "好", "正是所要"], grade: (name) => `${name} 的评分`, hit: (n, name, grade) => `${n}. ${name}${grade && `，评为${grade}`}`, saved: (name, grade) => `${name}：${grade}`, takenBack: (name) => `${name}：已撤销评判`, score: "得分", sure: "把握", judged: (n) => `已评判 ${n} 个`,
  begin: "输入搜索词，同时用两种配置搜索。在配置 B 中选择不同之处。",
};
const t = texts({ en, zh });
type Compared = Schemas["Compared"];
type Hit = Schemas["Hit"];
interface Asked { q: string; filter_by?: string }

export function Lab() {
  const { query } = usePlace();
  const part = query.get("part") === "many" ? "many" : "one";
  const [words, setWords] = useState(query.get("q") ?? "");
  const [filter, setFilter] = useState(query.get("filter") ?? "");
  const [a, setA] = useState<Side>(AS_IS);
  const [b, setB] = useState<Side>({ ...AS_IS, kind: "other", ratio: 1 });
  const encoders = useLoad((signal) => api.get("/v1/encoders", { signal }), []);
  const known = [...new Set([encoders.value?.before ?? "", encoders.value?.serves ?? ""])].filter(Boolean);
  const open = (to: "one" | "many") => go(hrefOf("lab", { part: to, ...(words && { q: words }) }), true);
  const sides = (
    <div class="two-sides">
      <Configuration letter="A" side={a} onSide={setA} encoders={known} />
      <Configuration letter="B" side={b} onSide={setB} encoders={known} />
    </div>
  );
  return (
    <>
      <Heading>{say().lab}</Heading>
      <Tabs label={t().parts} tabs={[{ id: "one", label: t().one }, { id: "many", label: t().many }]} selected={part} onSelect={open}>
        {part === "many" ? <div class="stack">{sides}<ManyQueries a={fieldsOf(a)} b={fieldsOf(b)} /></div>
          : <One words={words} setWords={setWords} filter={filter} setFilter={setFilter} a={a} b={b}>{sides}</One>}
      </Tabs>
    </>
  );
}

interface OneProps { words: string; setWords: (words: string) => void; filter: string; setFilter: (filter: string) => void; a: Side; b: Side; children: ComponentChildren }

function One({ words, setWords, filter, setFilter, a, b, children }: OneProps) {
  const [found, setFound] = useState<{ asked: Asked; compared: Compared } | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(true);
  const ask = async () => {
    if (!words.trim()) return;
    const asked: Asked = { q: words.trim(), ...(filter.trim() ? { filter_by: filter.trim() } : {}) };
    setBusy(true);
    setProblem(null);
    go(hrefOf("lab", { q: asked.q, ...(asked.filter_by ? { filter: asked.filter_by } : {}) }), true);
    try {
      const compared = await api.post("/v1/compare", { body: { query: { ...asked, per_page: 10, explain: true }, a: fieldsOf(a), b: fieldsOf(b) } });
      setFound({ asked, compared });
    } catch (error) {
      setFound(null);
      if (!isAbort(error)) setProblem(error instanceof Error ? error : new Error(String(error)));
    }
    setBusy(false);
  };
  useEffect(() => { void ask(); }, []);
  return (
    <div class="stack">
      <form class="row fields" role="search" onSubmit={(event) => { event.preventDefault(); void ask(); }}>
        <div class="grow"><TextField label={t().words} type="search" value={words} onValue={setWords} /></div>
        <TextField label={t().filter} placeholder={t().filterHint} value={filter} onValue={setFilter} spellcheck={false} />
        <Button kind="primary" type="submit" busy={busy}>{t().ask}</Button>
      </form>
      {children}
      {problem && <Failure problem={problem} onAgain={() => void ask()} />}
      {found ? (
        <>
          <p class="row spread"><span role="status">{t().agreement(percent(found.compared.agreement.rbo), percent(found.compared.agreement.shared))}</span><Check checked={open} onValue={setOpen}>{t().reasons}</Check></p>
          <Judged key={JSON.stringify(found.asked)} asked={found.asked} compared={found.compared} open={open} />
        </>
      ) : !problem && !busy && <Empty title={say().lab}><p>{t().begin}</p></Empty>}
    </div>
  );
}

/** Both answers, and what people think of their hits. */
function Judged({ asked, compared, open }: { asked: Asked; compared: Compared; open: boolean }) {
  const [grades, setGrades] = useState<Record<string, number>>(compared.grades);
  const [at, setAt] = useState<readonly [number, number]>([0, 0]);
  const [told, setTold] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const sides = [compared.a, compared.b] as const;
  const inA = new Map(compared.a.answer.hits.map((hit, n) => [hit.product.id, n + 1]));
  const move = (side: number, place: number) => {
    const last = sides[side]!.answer.hits.length - 1;
    if (last < 0) return;
    const to = [side, Math.min(Math.max(place, 0), last)] as const;
    setAt(to);
    box.current?.querySelectorAll(".hits")[side]?.querySelectorAll<HTMLElement>("[data-hit]")[to[1]]?.focus();
  };
  const judge = async (hit: Hit, grade: number | null) => {
    const name = titleOf(hit.product);
    const made = await attempt(() => api.post("/v1/judgements", { body: { query: asked, grades: { [hit.product.id]: grade } } }));
    if (!made) return;
    setGrades(made.grades);
    setTold(grade === null ? t().takenBack(name) : t().saved(name, t().grades[grade] ?? ""));
  };
  const keys = (event: KeyboardEvent, side: number, place: number, hit: Hit) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: [side, place + 1], ArrowUp: [side, place - 1], ArrowLeft: [0, place], ArrowRight: [1, place] }[event.key] as [number, number] | undefined;
    if (step) { event.preventDefault(); move(...step); }
    else if (/^[0-3]$/.test(event.key)) { event.preventDefault(); void judge(hit, Number(event.key)).then(() => move(side, place + 1)); }
    else if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); void judge(hit, null); }
  };
  return (
    <div class="stack" ref={box}>
      <p class="soft small-text">{t().judge} <Chip>{t().judged(number(Object.keys(grades).length))}</Chip></p>
      <Live text={told} />
      <div class="two-sides">
        {sides.map(({ name, answer }, side) => (
          <section class="stack tight" key={side} aria-label={t().hits("AB"[side]!, name)}>
            <h2 class="side-name">{t().hits("AB"[side]!, name)}</h2>
            <p class="row small-text soft"><span>{t().found(number(answer.found))}</span><span>{ms(answer.search_time_ms)}</span>{answer.applied_rules.map((id) => <Chip key={id}>{id}</Chip>)}</p>
            {!answer.hits.length && <p>{t().nothing}</p>}
            <ol class="hits">
              {answer.hits.map((hit, place) => {
                const grade = grades[hit.product.id], was = inA.get(hit.product.id), active = at[0] === side && at[1] === place;
                return (
                  <li key={hit.product.id}>
                    <article class={grade === undefined ? "card hit" : `card hit grade-${grade}`} data-hit tabIndex={active ? 0 : -1} aria-label={t().hit(number(place + 1), titleOf(hit.product), grade === undefined ? "" : t().grades[grade] ?? "")}
                      onFocus={() => setAt([side, place])} onKeyDown={(event) => keys(event, side, place, hit)}>
                      <Thumb hash={hit.picture} side={64} />
                      <div class="grow stack tight">
                        <p class="row tight"><span class="soft num">{number(place + 1)}</span><strong><bdi>{titleOf(hit.product)}</bdi></strong></p>
                        <p class="row tight small-text soft"><code>{hit.product.id}</code><Price hit={hit} /><span class="num">{t().score} {number(hit.score ?? 0, { maximumFractionDigits: 2 })}</span>{hit.confidence !== null && <span class="num">{t().sure} {percent(hit.confidence)}</span>}
                          {side === 1 && (was === place + 1 ? <Chip tone="unused">{t().same}</Chip> : <Chip tone={was === undefined || was > place + 1 ? "good" : "warn"}>{was === undefined ? t().notIn : t().from(number(was))}</Chip>)}</p>
                        {open && <Reasons hit={hit} />}
                        <div class="row tight" role="group" aria-label={t().grade(titleOf(hit.product))}>
                          {t().grades.map((word, n) => <button type="button" key={n} class="btn small grade" tabIndex={active ? 0 : -1} aria-pressed={grade === n} title={word} aria-label={`${n} ${word}`} onClick={() => void judge(hit, grade === n ? null : n)}>{n}</button>)}
                        </div>
                      </div>
                    </article>
                  </li>
                );
              })}
            </ol>
          </section>
        ))}
      </div>
    </div>
  );
}

function Price({ hit }: { hit: Hit }) {
  const shown = hit.product.variants.find((one) => one.id === hit.variant_id) ?? hit.product.variants[0];
  return shown?.price === undefined ? null : <span class="num">{money(shown.price, shown.currency)}</span>;
}

/** The parts of a score, as bars: they add up to it. */
function Reasons({ hit }: { hit: Hit }) {
  const top = Math.max(1e-9, ...hit.reasons.map((one) => Math.abs(one.contribution ?? 0)));
  return (
    <ul class="reasons small-text">
      {hit.reasons.map((one, n) => (
        <li key={n}><code>{one.source}</code><span class="soft" dir="auto">{[one.part, ...(one.terms ?? [])].join(" · ")}</span>
          <span class={(one.contribution ?? 0) < 0 ? "meter less" : "meter"} aria-hidden="true"><span style={{ width: `${(100 * Math.abs(one.contribution ?? 0)) / top}%` }} /></span>
          <span class="num">{number(one.contribution ?? 0, { maximumFractionDigits: 2, signDisplay: "exceptZero" })}</span></li>
      ))}
      {hit.why?.because && <li class="because" dir="auto">{hit.why.because}</li>}
    </ul>
  );
}
