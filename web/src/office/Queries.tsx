// What shoppers ask and do not find, and what to do about it: a synonym or a rule, from here.
import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "~/api";
import { date, number, texts } from "~/i18n";
import { common } from "~/i18n/common";
import { Button, Chip, Dialog, Empty, Select, Table, Tabs, TextField } from "~/kit";
import { attempt, Heading, idFrom, Link, ms, percent, Shown, useLoad } from "./parts";
import { go, hrefOf, usePlace } from "./route";
import { api } from "./session";
import { say } from "./texts";

const en = {
  lists: "Lists of queries", top: "Most frequent", no_result: "No result", low_confidence: "Low confidence", days: "Days to look back", dayCount: (n: string) => `${n} ${n === "1" ? "day" : "days"}`, words: "Query", asked: "Asked", nothing: "No result", unsure: "Not certain", found: "Found", sure: "Best hit", last: "Last asked", filter: "Filter", why: "Why", do: "What to do",
  synonym: "Make a synonym", rule: "Make a rule", try: "Try in the lab", for: (what: string, words: string) => `${what}: ${words}`, empty: "No query is in this list.", off: "Queries are not logged in this shop.", offHint: "Turn it on: enabled = true under [query_log] in shoplens.toml, then start the service again. What is kept: docs/reference/query-log.md.",
  totals: (asked: string, different: string) => `${asked} queries, ${different} different`, more: (n: string) => `and ${n} more`, title: (words: string) => `A synonym for “${words}”`, means: "Means the same as", meansHint: "Words that your products have; several with commas", saved: (words: string) => `“${words}” is a synonym from now on`,
  before: "Found now", after: "Found with it", photos: (n: string) => `with ${n} photos`, noWords: "(no words)", have: "Synonyms in force", removeIt: (words: string) => `Remove the synonym ${words}`, gone: "The synonym is gone", oneWay: (words: string, of: string) => `${of} finds ${words} too`,
  causes: { words_unknown: "no product has these words", filter_leaves_none: "the filter leaves no product", filter_hides: "the filter hides what would be found", filter_without_values: "no product has a value for the filter", shop_empty: "the shop is empty" } as Record<string, string>,
};
const zh: typeof en = {
  lists: "搜索词列表", top: "最常搜索", no_result: "无结果", low_confidence: "没有把握", days: "回顾天数", dayCount: (n) => `${n} 天`, words: "搜索词", asked: "次数", nothing: "无结果", unsure: "没有把握", found: "找到", sure: "最佳结果", last: "最近一次", filter: "筛选", why: "原因", do: "操作",
  synonym: "设为同义词", rule: "建立规则", try: "在实验室中试", for: (what, words) => `${what}：${words}`, empty: "这个列表里没有搜索词。", off: "本店没有记录搜索词。", offHint: "开启方法：在 shoplens.toml 的 [query_log] 下写 enabled = true，然后重启服务。记录的内容见 docs/reference/query-log.md。",
  totals: (asked, different) => `${asked} 次搜索，${different} 个不同搜索词`, more: (n) => `还有 ${n} 个`, title: (words) => `“${words}”的同义词`, means: "意思等同于", meansHint: "商品里有的词；多个用逗号分隔", saved: (words) => `“${words}”现在是同义词`,
  before: "现在找到", after: "加上后找到", photos: (n) => `带 ${n} 张照片`, noWords: "（没有文字）", have: "生效的同义词", removeIt: (words) => `移除同义词 ${words}`, gone: "同义词已移除", oneWay: (words, of) => `搜索 ${of} 也会找到 ${words}`,
  causes: { words_unknown: "没有商品含这些词", filter_leaves_none: "筛选后没有商品", filter_hides: "筛选挡住了能找到的商品", filter_without_values: "没有商品填写筛选的字段", shop_empty: "店里没有商品" },
};
const t = texts({ en, zh });
const LISTS = ["top", "no_result", "low_confidence"] as const;
type ListName = (typeof LISTS)[number];
type Query = Schemas["Queries"]["queries"][number];

export function Queries() {
  const { query } = usePlace();
  const list = LISTS.find((one) => one === query.get("list")) ?? "top";
  const [days, setDays] = useState("30");
  const [asking, setAsking] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const open = (to: ListName) => go(hrefOf("queries", { list: to }), true);
  return (
    <>
      <Heading aside={<Select aria-label={t().days} value={days} onValue={setDays} options={["1", "7", "30", "90"].map((value) => ({ value, label: t().dayCount(value) }))} />}>{say().queries}</Heading>
      <Tabs label={t().lists} tabs={LISTS.map((id) => ({ id, label: t()[id] }))} selected={list} onSelect={open}>
        <List key={list} list={list} days={Number(days)} onSynonym={setAsking} />
      </Tabs>
      <Synonyms key={turn} />
      {asking !== null && <Synonym words={asking} onClose={() => setAsking(null)} onSaved={() => { setAsking(null); setTurn(turn + 1); }} />}
    </>
  );
}

function List({ list, days, onSynonym }: { list: ListName; days: number; onSynonym: (words: string) => void }) {
  const loaded = useLoad((signal) => api.get("/v1/queries", { query: { list, days, limit: 100 }, signal }), [list, days]);
  const isEmpty = list === "no_result";
  const columns = [
    { key: "words", label: t().words, cell: (one: Query) => <span class="row"><bdi>{one.words || t().noWords}</bdi>{one.photos > 0 && <Chip>{t().photos(number(one.photos))}</Chip>}</span> },
    { key: "asked", label: t().asked, end: true, cell: (one: Query) => number(one.asked) },
    { key: "nothing", label: t().nothing, end: true, cell: (one: Query) => number(one.nothing) },
    ...(isEmpty ? [
      { key: "filter", label: t().filter, cell: (one: Query) => one.where && <code>{one.where}</code> },
      { key: "why", label: t().why, cell: (one: Query) => <span class="row">{one.notes.map((code) => <span key={code}>{t().causes[code] ?? <code>{code}</code>}</span>)}</span> },
    ] : [
      { key: "unsure", label: t().unsure, end: true, cell: (one: Query) => number(one.unsure) },
      { key: "found", label: t().found, end: true, cell: (one: Query) => number(one.found) },
      { key: "sure", label: t().sure, end: true, cell: (one: Query) => (one.confidence === null ? "–" : percent(one.confidence)) },
      { key: "ms", label: "ms", end: true, cell: (one: Query) => ms(one.ms) },
    ]),
    { key: "last", label: t().last, cell: (one: Query) => date(one.last) },
    { key: "do", label: t().do, cell: (one: Query) => one.words && (
      <span class="row tight">
        <Button small aria-label={t().for(t().synonym, one.words)} onClick={() => onSynonym(one.words)}>{t().synonym}</Button>
        <Link class="btn small" page="rules" query={{ new: one.words }} aria-label={t().for(t().rule, one.words)}>{t().rule}</Link>
        <Link class="btn plain small" page="lab" query={{ q: one.words, ...(one.where ? { filter: one.where } : {}) }} aria-label={t().for(t().try, one.words)}>{t().try}</Link>
      </span>
    ) },
  ];
  return (
    <Shown loaded={loaded}>{(now) => (!now.totals.asked && !now.enabled
      ? <Empty title={t().off}><p>{t().offHint}</p></Empty>
      : (
        <>
          <p class="soft">{t().totals(number(now.totals.asked), number(now.totals.different))}</p>
          <Table caption={t()[list]} hideCaption rows={now.queries} keyOf={(one, n) => `${n}${one.words}`} columns={columns} empty={<p>{t().empty}</p>} />
          {now.more > 0 && <p class="soft">{t().more(number(now.more))}</p>}
        </>
      ))}</Shown>
  );
}

/** Has words that nobody finds anything by mean what products are called. */
function Synonym({ words, onClose, onSaved }: { words: string; onClose: () => void; onSaved: () => void }) {
  const [means, setMeans] = useState("");
  const [busy, setBusy] = useState(false);
  const [seen, setSeen] = useState<Schemas["RulePreview"] | null>(null);
  const id = idFrom("synonym", words);
  const all = [words, ...means.split(/[,，、]/).map((one) => one.trim()).filter(Boolean)];
  useEffect(() => {
    setSeen(null);
    if (all.length < 2) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const rule = { id, then: { synonyms: [{ words: all }] } };
      api.post("/v1/rules/preview", { body: { rule, query: { q: words, per_page: 6 } }, signal: stop.signal }).then(setSeen, () => {});
    }, 200);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [means]);
  const save = async (event: Event) => {
    event.preventDefault();
    if (all.length < 2) return;
    setBusy(true);
    const done = await attempt(() => api.put("/v1/synonyms/{rule_id}", { path: { rule_id: id }, body: { words: all } }), t().saved(words));
    setBusy(false);
    if (done) onSaved();
  };
  return (
    <Dialog title={t().title(words)} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <TextField label={t().means} hint={t().meansHint} value={means} onValue={setMeans} required />
        <p class="row" role="status">{seen && <><Chip>{t().before}: {number(seen.before.found)}</Chip><Chip tone={seen.after.found > seen.before.found ? "good" : ""}>{t().after}: {number(seen.after.found)}</Chip>
          {seen.after.hits.slice(0, 3).map((hit) => <bdi class="soft small-text" key={hit.product.id}>{hit.product.title}</bdi>)}</>}</p>
        <p class="row"><Button onClick={onClose}>{common().cancel}</Button><Button kind="primary" type="submit" busy={busy} disabled={all.length < 2}>{common().save}</Button></p>
      </form>
    </Dialog>
  );
}

function Synonyms() {
  const loaded = useLoad((signal) => api.get("/v1/synonyms", { signal }), []);
  const remove = async (id: string) => {
    if (await attempt(() => api.delete("/v1/synonyms/{rule_id}", { path: { rule_id: id } }), t().gone)) loaded.reload();
  };
  const all = loaded.value?.synonyms ?? [];
  if (!all.length) return null;
  const nameOf = (one: (typeof all)[number]) => (one.of ? t().oneWay(one.words.join(", "), one.of) : one.words.join(" = "));
  return (
    <section class="card stack" aria-labelledby="synonyms"><h2 id="synonyms">{t().have}</h2>
      <p class="chips">{all.map((one, n) => <Chip key={`${one.id}${n}`} onRemove={() => void remove(one.id)} removeLabel={t().removeIt(nameOf(one))}>{nameOf(one)}</Chip>)}</p>
    </section>
  );
}
