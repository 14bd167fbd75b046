// A feed brought in: sent from here, followed while it is read, and told row by row what could not be used.
import { useRef, useState } from "preact/hooks";
import { number, texts } from "~/i18n";
import { Button, Check, Field, Table, toast } from "~/kit";
import { JobCard, type Job } from "./jobs";
import { attempt, Shown, size, useLoad } from "./parts";
import { api } from "./session";

const en = {
  file: "Feed", fileHint: "CSV, TSV, JSON Lines, Parquet, Google Merchant (XML, TSV), Shopify or Magento; packed by gzip too. Drop it here or choose it.", keep: "Products that the feed lacks stay (else they are removed)", lookAtPictures: "Look at pictures (else words, prices and stock only)", allow: "More than half of the catalogue may go",
  start: "Import", sent: (name: string) => `${name} is sent`, before: "Imports before", report: "Row report", clean: "Every row was used.", line: "Row", product: "Product", field: "Field", reason: "What is wrong", value: "Value", left: "left out", fieldOnly: "field only", what: "Effect",
  all: "Download the whole report", shownOf: (n: string) => `The first ${n} are shown.`, choose: "Choose a feed first", show: "Show the report",
};
const zh: typeof en = {
  file: "商品数据", fileHint: "CSV、TSV、JSON Lines、Parquet、Google Merchant（XML、TSV）、Shopify 或 Magento，也可用 gzip 压缩。拖到这里或选择文件。", keep: "保留数据中没有的商品（否则移除）", lookAtPictures: "处理图片（否则只更新文字、价格和库存）", allow: "允许移除一半以上的商品",
  start: "导入", sent: (name) => `正在发送 ${name}`, before: "以前的导入", report: "逐行报告", clean: "每一行都已使用。", line: "行", product: "商品", field: "字段", reason: "问题", value: "值", left: "整行跳过", fieldOnly: "仅该字段", what: "影响",
  all: "下载完整报告", shownOf: (n) => `显示前 ${n} 条。`, choose: "请先选择文件", show: "显示报告",
};
const t = texts({ en, zh });
const SHOWN = 200;

export function Import() {
  const [file, setFile] = useState<File | null>(null);
  const [over, setOver] = useState(false);
  const [options, setOptions] = useState({ keep_missing: true, look_at_pictures: true, allow_removals: false });
  const [job, setJob] = useState("");
  const [done, setDone] = useState<Job | null>(null);
  const [busy, setBusy] = useState(false);
  const [missing, setMissing] = useState("");
  const box = useRef<HTMLInputElement>(null);
  const jobs = useLoad((signal) => api.get("/v1/jobs", { query: { per_page: 10 }, signal }), [done?.id]);
  const take = (files: FileList | null | undefined) => { if (files?.[0]) { setFile(files[0]); setMissing(""); } };
  const send = async (event: Event) => {
    event.preventDefault();
    if (!file) { setMissing(t().choose); box.current?.focus(); return; }
    setBusy(true);
    toast(t().sent(file.name));
    const query = Object.fromEntries(Object.entries(options).map(([name, yes]) => [name, String(yes)]));
    const made = await attempt(() => api.post("/v1/jobs/import", { query, raw: file, type: "application/octet-stream" }));
    setBusy(false);
    if (made) { setDone(null); setJob(made.id); }
  };
  const option = (name: keyof typeof options, label: string) => <Check checked={options[name]} onValue={(yes: boolean) => setOptions({ ...options, [name]: yes })}>{label}</Check>;
  return (
    <div class="stack">
      <form class={over ? "card stack drop over" : "card stack drop"} onSubmit={(event) => void send(event)}
        onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
        onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer?.files); }}>
        <Field label={t().file} hint={t().fileHint} error={missing}>{(given) => <input {...given} ref={box} type="file" class="input" onChange={(event) => take(event.currentTarget.files)} />}</Field>
        {file && <p class="small-text"><bdi>{file.name}</bdi> · {size(file.size)}</p>}
        <div class="stack tight">{option("keep_missing", t().keep)}{option("look_at_pictures", t().lookAtPictures)}{option("allow_removals", t().allow)}</div>
        <p><Button kind="primary" type="submit" icon="upload" busy={busy}>{t().start}</Button></p>
      </form>
      {job && <JobCard key={job} id={job} onOver={setDone} />}
      {done && <Report job={done.id} />}
      <Shown loaded={jobs}>{({ jobs: all }) => {
        const before = all.filter((one) => one.kind === "import" && one.id !== job);
        return before.length > 0 && (
          <section class="stack" aria-labelledby="before"><h2 id="before">{t().before}</h2>
            {before.map((one) => <div key={one.id}><JobCard id={one.id} /><Earlier job={one.id} /></div>)}
          </section>
        );
      }}</Shown>
    </div>
  );
}

function Earlier({ job }: { job: string }) {
  const [open, setOpen] = useState(false);
  return open ? <Report job={job} /> : <Button kind="plain" small onClick={() => setOpen(true)}>{t().show}</Button>;
}

interface Row { line: number | null; field: string; reason: string; value: string; product_id: string; skipped: boolean }

function Report({ job }: { job: string }) {
  const loaded = useLoad(async (signal) => {
    const response = await api.fetch("get", api.address("/v1/jobs/{job_id}/report", { job_id: job }), { signal, headers: { accept: "application/x-ndjson" } });
    const text = await response.text();
    return { text, rows: text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Row) };
  }, [job]);
  const download = (text: string) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" })), download: `report-${job}.jsonl` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <section class="card stack" aria-label={t().report}>
      <Shown loaded={loaded}>{({ rows, text }) => (!rows.length ? <p class="soft">{t().clean}</p> : (
        <>
          <Table caption={`${t().report} (${number(rows.length)})`} rows={rows.slice(0, SHOWN)} keyOf={(_, n) => String(n)} columns={[
            { key: "line", label: t().line, cell: (one) => one.line ?? "–" },
            { key: "product", label: t().product, cell: (one) => <code>{one.product_id}</code> },
            { key: "field", label: t().field, cell: (one) => <code>{one.field}</code> },
            { key: "reason", label: t().reason, cell: (one) => <bdi>{one.reason}</bdi> },
            { key: "value", label: t().value, cell: (one) => <bdi>{one.value.slice(0, 120)}</bdi> },
            { key: "what", label: t().what, cell: (one) => (one.skipped ? t().left : t().fieldOnly) },
          ]} />
          <p class="row">{rows.length > SHOWN && <span class="soft">{t().shownOf(number(SHOWN))}</span>}<Button small icon="download" onClick={() => download(text)}>{t().all}</Button></p>
        </>
      ))}</Shown>
    </section>
  );
}
