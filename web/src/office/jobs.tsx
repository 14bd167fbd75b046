// Work that outlasts a request: how far it is, stopped and gone on with.
import { useEffect, useRef } from "preact/hooks";
import type { Schemas } from "~/api";
import { date, number, texts } from "~/i18n";
import { common } from "~/i18n/common";
import { Button, Chip } from "~/kit";
import { attempt, Failure, useLoad } from "./parts";
import { api } from "./session";

const en = {
  import: "Import", encode: "Build of a space", pause: "Pause", resume: "Go on", cancel: "Cancel", allow: "Go on, let the products go", progress: (name: string) => `${name}: how far it is`,
  of: (done: string, total: string) => `${done} of ${total} products`, done: (n: string) => `${n} products`, rate: (n: string) => `${n} a second`, left: (s: string) => `about ${s} seconds left`,
  state: { queued: "waits", running: "at work", pausing: "pausing", paused: "paused", cancelling: "being cancelled", cancelled: "cancelled", done: "done", failed: "failed" },
  phase: { fetching: "fetching the feed", counting: "counting rows", indexing: "reading and encoding products", encoding: "encoding" },
  count: { added: "new", changed: "changed", unchanged: "unchanged", removed: "removed", pictures_encoded: "pictures encoded", texts_encoded: "texts encoded", pictures_rejected: "pictures not usable", rows_skipped: "rows left out", problems: "problems", kept: "there before", from_thumbnails: "from small pictures", unreadable: "unreadable" },
  one: { pictures_encoded: "picture encoded", texts_encoded: "text encoded", pictures_rejected: "picture not usable", rows_skipped: "row left out", problems: "problem" } as Record<string, string>,
};
const zh: typeof en = {
  import: "导入", encode: "构建向量空间", pause: "暂停", resume: "继续", cancel: "取消", allow: "继续，允许移除商品", progress: (name) => `${name}：进度`,
  of: (done, total) => `${done} / ${total} 个商品`, done: (n) => `${n} 个商品`, rate: (n) => `每秒 ${n} 个`, left: (s) => `大约还需 ${s} 秒`,
  state: { queued: "等待中", running: "进行中", pausing: "正在暂停", paused: "已暂停", cancelling: "正在取消", cancelled: "已取消", done: "完成", failed: "失败" },
  phase: { fetching: "获取数据", counting: "统计行数", indexing: "读取并编码商品", encoding: "编码中" },
  count: { added: "新增", changed: "更改", unchanged: "未变", removed: "移除", pictures_encoded: "编码的图片", texts_encoded: "编码的文字", pictures_rejected: "无法使用的图片", rows_skipped: "跳过的行", problems: "问题", kept: "原有的", from_thumbnails: "来自缩略图", unreadable: "无法读取" },
  one: {},
};
const t = texts({ en, zh });
export type Job = Schemas["Job"];
export const isOver = (job: Job): boolean => ["cancelled", "done", "failed"].includes(job.state);
const BAD = new Set(["pictures_rejected", "rows_skipped", "problems", "unreadable"]);

/** Follows a job until it is over. */
export function useJob(id: string, onOver?: (job: Job) => void) {
  const loaded = useLoad((signal) => api.get("/v1/jobs/{job_id}", { path: { job_id: id }, signal }), [id]);
  const told = useRef("");
  const job = loaded.value;
  useEffect(() => {
    if (!job) return;
    if (isOver(job)) {
      if (told.current !== id + job.state) { told.current = id + job.state; onOver?.(job); }
      return;
    }
    const timer = setTimeout(loaded.reload, job.state === "paused" ? 2_000 : 400);
    return () => clearTimeout(timer);
  }, [job]);
  return loaded;
}

/** A job as it goes: bar, counts, what may be done about it. `label`: what it is called. */
export function JobCard({ id, label, onOver }: { id: string; label?: string; onOver?: (job: Job) => void }) {
  const loaded = useJob(id, onOver);
  const job = loaded.value;
  if (!job) return loaded.problem ? <Failure problem={loaded.problem} onAgain={loaded.reload} /> : null;
  const told = job.progress as Record<string, unknown>;
  const numberOf = (name: string) => (typeof told[name] === "number" ? (told[name] as number) : null);
  const products = numberOf("products"), total = numberOf("total"), rate = numberOf("rate"), eta = numberOf("eta_s");
  const name = label ?? t()[job.kind];
  const order = (what: "pause" | "resume" | "cancel", body?: { allow_removals: boolean }) => void attempt(async () => {
    await api.post(`/v1/jobs/{job_id}/${what}` as "/v1/jobs/{job_id}/resume", { path: { job_id: id }, body });
    loaded.reload();
  });
  const counts = Object.entries(t().count).filter(([key]) => numberOf(key));
  const phase = told.phase as keyof typeof en.phase;
  return (
    <article class="card stack job" aria-label={name}>
      <p class="row spread"><strong>{name}</strong><span class="soft small-text">{date(job.created)} · {job.by}</span>
        <Chip tone={job.state === "done" ? "good" : job.state === "failed" ? "wrong" : ""}>{t().state[job.state]}</Chip></p>
      {!isOver(job) && <progress aria-label={t().progress(name)} {...(total ? { max: total, value: products ?? 0 } : {})} />}
      <p class="row small-text" role={isOver(job) ? "status" : undefined}>
        {products !== null && <span class="num">{total ? t().of(number(products), number(total)) : t().done(number(products))}</span>}
        {!isOver(job) && phase && <span>{t().phase[phase] ?? phase}</span>}
        {!isOver(job) && rate !== null && rate > 0 && <span>{t().rate(number(rate))}</span>}
        {!isOver(job) && eta !== null && eta > 1 && <span>{t().left(number(Math.ceil(eta)))}</span>}
        {counts.map(([key, label_]) => <Chip key={key} tone={BAD.has(key) ? "warn" : ""}>{number(numberOf(key) ?? 0)} {(numberOf(key) === 1 && t().one[key]) || label_}</Chip>)}
      </p>
      {job.error && <div class="failure" role="alert"><p><bdi>{job.error.detail}</bdi></p>{job.error.hint && <p class="soft">{job.error.hint}</p>}</div>}
      {job.state !== "done" && job.state !== "cancelled" && <p class="row">
        {["queued", "running"].includes(job.state) && <Button small onClick={() => order("pause")}>{t().pause}</Button>}
        {job.state === "paused" && <Button small onClick={() => order("resume")}>{t().resume}</Button>}
        {job.state === "failed" && (job.error?.code === "removal_guard"
          ? <Button small kind="danger" onClick={() => order("resume", { allow_removals: true })}>{t().allow}</Button>
          : <Button small onClick={() => order("resume")}>{common().again}</Button>)}
        {!isOver(job) && <Button small kind="danger" onClick={() => order("cancel")}>{t().cancel}</Button>}
      </p>}
    </article>
  );
}
