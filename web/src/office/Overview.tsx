// How the shop does: what is searched, what is not found, how fast, how fresh, by which encoder.
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Schemas } from "~/api";
import { date, number, texts } from "~/i18n";
import { Chip, Select, Table } from "~/kit";
import { Heading, Link, ms, percent, Shown, size, useLoad } from "./parts";
import { api } from "./session";
import { say } from "./texts";

const en = {
  window: "Time looked at", hour: "Last hour", hours6: "Last 6 hours", day: "Last 24 hours",
  searches: "Searches", nothing: "Found nothing", unsure: "Nothing certain", p99: "Latency p99", fresh: "Freshness", encoder: "Encoder in use", products: "Products", disk: "Free disk", failedSearches: "failed",
  median: (text: string) => `half within ${text}`, of: (n: string) => `${n} searches`, see: "See these queries", now: "up to date", current: "All that was written is found", behind: (n: string, age: string) => `${n} changes behind, the oldest ${age} old`,
  rows: (pictures: string, texts_: string) => `${pictures} pictures, ${texts_} texts`, rules: (n: string) => `${n} rules in force`, since: (text: string) => `Counted since the service was started: ${text}. Version`,
  traffic: "Traffic", chart: (n: string, nothing: string) => `${n} searches, of which ${nothing} found nothing`, asTable: "As a table", at: "From", found: "Found something", degraded: (parts: string) => `Answers nothing just now: ${parts}`,
  logOff: "Queries are not logged, so the page Queries stays empty. Turn it on: enabled = true under [query_log] in shoplens.toml.",
  switchEncoder: "Compare and switch", quiet: "Nobody has searched in this time.",
};
const zh: typeof en = {
  window: "时间范围", hour: "最近一小时", hours6: "最近六小时", day: "最近二十四小时",
  searches: "搜索次数", nothing: "无结果", unsure: "没有把握", p99: "延迟 p99", fresh: "新鲜度", encoder: "正在使用的编码器", products: "商品", disk: "剩余磁盘空间", failedSearches: "失败",
  median: (text) => `一半在 ${text} 以内`, of: (n) => `共 ${n} 次搜索`, see: "查看这些搜索词", now: "最新", current: "已写入的内容都能搜到", behind: (n, age) => `落后 ${n} 个改动，最早的在 ${age} 前`,
  rows: (pictures, texts_) => `${pictures} 张图片，${texts_} 段文字`, rules: (n) => `${n} 条生效规则`, since: (text) => `统计自服务启动：${text}。版本`,
  traffic: "流量", chart: (n, nothing) => `${n} 次搜索，其中 ${nothing} 次无结果`, asTable: "以表格显示", at: "开始时间", found: "有结果", degraded: (parts) => `目前不可用：${parts}`,
  logOff: "没有记录搜索词，所以“搜索词”页面为空。开启方法：在 shoplens.toml 的 [query_log] 下写 enabled = true。",
  switchEncoder: "比较与切换", quiet: "这段时间没有人搜索。",
};
const t = texts({ en, zh });
type Traffic = Schemas["Overview"]["traffic"];

export function Overview() {
  const [minutes, setMinutes] = useState("60");
  const loaded = useLoad((signal) => api.get("/v1/overview", { query: { minutes: Number(minutes) }, signal }), [minutes], 10_000);
  const spans = [{ value: "60", label: t().hour }, { value: "360", label: t().hours6 }, { value: "1440", label: t().day }];
  return (
    <>
      <Heading aside={<Select aria-label={t().window} value={minutes} options={spans} onValue={setMinutes} />}>{say().overview}</Heading>
      <Shown loaded={loaded}>{(now) => <Figures now={now} />}</Shown>
    </>
  );
}

function Figures({ now }: { now: Schemas["Overview"] }) {
  const { traffic, freshness, query_log: log } = now;
  const behind = Math.max(freshness.words_behind, freshness.vectors_behind);
  const share = (n: number, of: number) => (of ? percent(n / of) : "–");
  return (
    <>
      {now.degraded.length > 0 && <p class="failure" role="alert">{t().degraded(now.degraded.join(", "))}</p>}
      <dl class="figures">
        <Figure name={t().searches} value={number(traffic.searches)}>{traffic.failed > 0 && <Chip tone="wrong">{number(traffic.failed)} {t().failedSearches}</Chip>}</Figure>
        <Figure name={t().nothing} value={share(traffic.nothing, traffic.searches)}><Link page="queries" query={{ list: "no_result" }}>{t().see}</Link></Figure>
        <Figure name={t().unsure} value={share(traffic.unsure, traffic.searches)}><Link page="queries" query={{ list: "low_confidence" }}>{t().see}</Link></Figure>
        <Figure name={t().p99} value={ms(traffic.p99_ms)}>{traffic.p50_ms !== null && t().median(ms(traffic.p50_ms))}</Figure>
        <Figure name={t().fresh} value={behind ? ms(1000 * freshness.staleness_s) : t().now} small={!behind}>{behind ? t().behind(number(behind), ms(1000 * freshness.staleness_s)) : t().current}</Figure>
        <Figure name={t().encoder} value={now.encoder.name} small><Link page="encoders">{t().switchEncoder}</Link></Figure>
        <Figure name={t().products} value={number(now.products)}>{t().rows(number(now.rows.pictures), number(now.rows.texts))}</Figure>
        {now.disk && <Figure name={t().disk} value={size(now.disk.free_bytes)}><Link page="rules">{t().rules(number(now.rules))}</Link></Figure>}
      </dl>
      <section class="card stack" aria-labelledby="traffic">
        <h2 id="traffic">{t().traffic}</h2>
        <Chart traffic={traffic} />
      </section>
      {!log.enabled && <p class="card soft">{t().logOff}</p>}
      <p class="soft small-text">{t().since(date(now.serving_since))} {now.version}</p>
    </>
  );
}

function Figure({ name, value, small, children }: { name: string; value: string; small?: boolean; children?: ComponentChildren }) {
  return <div class="card figure"><dt>{name}</dt><dd class={small ? "value small-value" : "value"}>{value}</dd><dd class="soft small-text">{children}</dd></div>;
}

/** A bar a span of time: what found something, and what found nothing above it. */
function Chart({ traffic }: { traffic: Traffic }) {
  const { points } = traffic;
  const top = Math.max(1, ...points.map((one) => one.searches));
  const step = 100 / Math.max(1, points.length);
  if (!traffic.searches) return <p class="soft">{t().quiet}</p>;
  const clock = (at: string) => date(at, { timeStyle: "short" });
  return (
    <>
      <svg class="chart" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={t().chart(number(traffic.searches), number(traffic.nothing))}>
        {points.map((one, n) => {
          const all = (30 * one.searches) / top, lost = (30 * one.nothing) / top;
          return <g key={one.at}><rect class="bar" x={n * step} y={30 - all} width={step * 0.8} height={all - lost} transform={`translate(0 ${lost})`} /><rect class="bar lost" x={n * step} y={30 - all} width={step * 0.8} height={lost} /></g>;
        })}
      </svg>
      <p class="row spread soft small-text"><span>{points[0] && clock(points[0].at)}</span>
        <span class="row"><span class="key" />{t().found}<span class="key lost" />{t().nothing}</span><span>{points.length > 0 && clock(points[points.length - 1]!.at)}</span></p>
      <details>
        <summary>{t().asTable}</summary>
        <Table caption={t().traffic} hideCaption rows={points.filter((one) => one.searches)} keyOf={(one) => one.at} columns={[
          { key: "at", label: t().at, cell: (one) => date(one.at) },
          { key: "n", label: t().searches, end: true, cell: (one) => number(one.searches) },
          { key: "no", label: t().nothing, end: true, cell: (one) => number(one.nothing) },
          { key: "p99", label: t().p99, end: true, cell: (one) => ms(one.p99_ms) },
        ]} />
      </details>
    </>
  );
}
