// Two configurations on many queries: which is better where people have judged, how far they agree where nobody has.
import { useState } from "preact/hooks";
import { isAbort, type Schemas } from "~/api";
import { number, texts } from "~/i18n";
import { Button, Chip, SelectField, Table } from "~/kit";
import { Failure, Link, ms, percent } from "./parts";
import { api } from "./session";

const en = {
  which: "Queries", judged: "those that people have judged", top: "the most frequent", no_result: "those without results", low_confidence: "those of low confidence", run: "Compare", asked: (n: string) => `${n} queries`,
  verdict: { better: (a: string) => `${a} is better`, worse: (_: string, b: string) => `${b} is better`, open: "Neither is shown to be better" }, agree: (rbo: string, shared: string, first: string) => `The rankings agree by ${rbo} (RBO); ${shared} of the first ten are shared, the first hit is the same in ${first}.`,
  measure: "Measure", difference: "Difference", interval: "Interval", won: "Won by A, B", time: (a: string, b: string) => `Half of the queries within ${a} (A), ${b} (B)`, query: "Query", rbo: "Agreement", try: "Look", tryIt: (words: string) => `Look at ${words} in the lab`, each: "Each query, those that differ most first", sides: (a: string, b: string) => `A is ${a}, B is ${b}.`, unjudged: "Nobody has judged these queries: only how far the rankings agree can be told. Judge some in the search lab.",
};
const zh: typeof en = {
  which: "搜索词", judged: "已评判的", top: "最常搜索的", no_result: "无结果的", low_confidence: "没有把握的", run: "比较", asked: (n) => `${n} 个搜索词`,
  verdict: { better: (a) => `${a} 更好`, worse: (_, b) => `${b} 更好`, open: "没有证据表明哪个更好" }, agree: (rbo, shared, first) => `排序一致度 ${rbo}（RBO）；前十名有 ${shared} 相同，${first} 的首位相同。`,
  measure: "指标", difference: "差值", interval: "区间", won: "A、B 各胜", time: (a, b) => `一半的搜索在 ${a}（A）、${b}（B）以内`, query: "搜索词", rbo: "一致度", try: "查看", tryIt: (words) => `在实验室中查看 ${words}`, each: "逐个搜索词，差别最大的在前", sides: (a, b) => `A 是 ${a}，B 是 ${b}。`, unjudged: "这些搜索词还没有人评判，只能说明排序有多一致。可以在搜索实验室里评判。",
};
const t = texts({ en, zh });
const LISTS = ["judged", "top", "no_result", "low_confidence"] as const;
type ListName = (typeof LISTS)[number];
type Configuration = Schemas["Configuration"];
type Compared = Schemas["ComparedQueries"];
interface Interval { mean: number; low: number; high: number }
interface Measures { comparison: Record<string, { ours: number; theirs: number; difference: Interval; p_value: number; wins: number; losses: number }> }
interface Overlap { rbo: Interval; shared: Interval; first: Interval; per_query: Record<string, { rbo: number }> }
const SHOWN = ["nDCG@10", "P@1", "P@10", "R@10"];

export function ManyQueries({ a, b }: { a: Configuration; b: Configuration }) {
  const [which, setWhich] = useState<ListName>("judged");
  const [found, setFound] = useState<Compared | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setProblem(null);
    try {
      setFound(await api.post("/v1/compare/queries", { body: { queries: which, a, b } }));
    } catch (error) {
      setFound(null);
      if (!isAbort(error)) setProblem(error instanceof Error ? error : new Error(String(error)));
    }
    setBusy(false);
  };
  return (
    <div class="stack">
      <div class="row fields"><SelectField<ListName> label={t().which} value={which} onValue={setWhich} options={LISTS.map((value) => ({ value, label: t()[value] }))} />
        <Button kind="primary" busy={busy} onClick={() => void run()}>{t().run}</Button></div>
      {problem && <Failure problem={problem} />}
      <div role="status">{found && <Result found={found} />}</div>
    </div>
  );
}

function Result({ found }: { found: Compared }) {
  const overlap = found.overlap as unknown as Overlap | undefined;
  const measures = found.side_by_side as unknown as Measures | undefined;
  const verdict = found.verdict;
  const said = verdict === "better" || verdict === "worse" ? t().verdict[verdict](found.a, found.b) : verdict === "open" ? t().verdict.open : "";
  const rows = SHOWN.flatMap((name) => { const one = measures?.comparison[name]; return one ? [{ name, ...one }] : []; });
  const words = new Map(found.asked.map((one) => [one.query_id, one.query as { q?: string; filter_by?: string }]));
  const three = (value: number) => number(value, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  return (
    <div class="stack">
      <p class="row"><span>{t().sides(found.a, found.b)}</span><Chip>{t().asked(number(found.queries))}</Chip>{said && <Chip tone={verdict === "open" ? "" : "strong"}>{said}</Chip>}</p>
      {rows.length > 0 ? (
        <Table caption={t().measure} hideCaption rows={rows} keyOf={(one) => one.name} columns={[
          { key: "m", label: t().measure, cell: (one) => one.name },
          { key: "a", label: "A", end: true, cell: (one) => three(one.ours) },
          { key: "b", label: "B", end: true, cell: (one) => three(one.theirs) },
          { key: "d", label: t().difference, end: true, cell: (one) => three(one.difference.mean) },
          { key: "i", label: t().interval, end: true, cell: (one) => `${three(one.difference.low)} … ${three(one.difference.high)}` },
          { key: "w", label: t().won, end: true, cell: (one) => `${number(one.wins)}, ${number(one.losses)}` },
        ]} />
      ) : <p class="soft">{found.not_measured || t().unjudged}</p>}
      {overlap && <p>{t().agree(three(overlap.rbo.mean), percent(overlap.shared.mean), percent(overlap.first.mean))}</p>}
      <p class="soft small-text">{t().time(ms(found.latency_ms.a.p50), ms(found.latency_ms.b.p50))}</p>
      <Table caption={t().each} rows={found.order.slice(0, 50)} keyOf={(id) => id} columns={[
        { key: "q", label: t().query, cell: (id) => <bdi>{words.get(id)?.q}</bdi> },
        { key: "r", label: t().rbo, end: true, cell: (id) => percent(overlap?.per_query[id]?.rbo ?? 1) },
        { key: "t", label: t().try, cell: (id) => <Link class="btn plain small" page="lab" query={{ q: words.get(id)?.q ?? "" }} aria-label={t().tryIt(words.get(id)?.q ?? "")}>{t().try}</Link> },
      ]} />
    </div>
  );
}
