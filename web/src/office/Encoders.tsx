// Encoders: the spaces that are kept, another one built, compared, switched to, switched back from.
import { useState } from "preact/hooks";
import type { Schemas } from "~/api";
import { list, number, texts } from "~/i18n";
import { Button, Chip, Table, TextField } from "~/kit";
import { JobCard } from "./jobs";
import { attempt, Confirm, Heading, Shown, size, useLoad } from "./parts";
import { ManyQueries } from "./ManyQueries";
import { api } from "./session";
import { say } from "./texts";

const en = {
  serves: "Serves now", before: "Served before", never: "never switched", back: "Roll back", backSure: (name: string) => `Have ${name} serve again?`, backWhy: "Searches go on; it takes a second or two.", backDone: (name: string) => `${name} serves again`,
  spaces: "Spaces of which vectors are kept", space: "Space", vectors: "Vectors", bytes: "Size", missing: "Missing", state: "State", serving: "serves", complete: "complete", incomplete: "incomplete", what: { picture: "pictures", words: "texts" }, lacks: (n: string, what: string) => `${n} ${what}`, drop: "Drop", dropIt: (space: string) => `Drop the vectors of ${space}`, dropSure: "Drop these vectors?", dropWhy: (space: string) => `${space} has to be built anew before it can serve.`, dropped: "The vectors are gone",
  other: "Another encoder", name: "Encoder", nameHint: "bundled, onnx:FOLDER, open_clip:MODEL, transformers:MODEL or timm:MODEL. Where one comes from and how long a build takes: docs/howto/reencode.md", build: "Build its space", builds: (name: string) => `Building ${name}`, started: "The space is built beside the one that serves; searches go on", switch: "Switch to it", switchSure: (name: string) => `Have ${name} serve?`, switchWhy: "The vectors of the one before stay, so that you can roll back.", switched: (name: string) => `${name} serves now`, compare: "Compare", same: "One encoder needs no comparison: name another one above.", steps: "Build its space, compare it with the one that serves, switch, and roll back if need be.", known: "Known here:",
};
const zh: typeof en = {
  serves: "正在使用", before: "之前使用", never: "从未切换", back: "回滚", backSure: (name) => `重新使用 ${name}？`, backWhy: "搜索不会中断，需要一两秒。", backDone: (name) => `已恢复使用 ${name}`,
  spaces: "保存的向量空间", space: "空间", vectors: "向量", bytes: "大小", missing: "缺少", state: "状态", serving: "使用中", complete: "完整", incomplete: "不完整", what: { picture: "图片", words: "文字" }, lacks: (n, what) => `${n} 个${what}`, drop: "删除", dropIt: (space) => `删除 ${space} 的向量`, dropSure: "删除这些向量？", dropWhy: (space) => `再次使用前需要重新构建 ${space}。`, dropped: "向量已删除",
  other: "另一个编码器", name: "编码器", nameHint: "bundled、onnx:文件夹、open_clip:模型、transformers:模型 或 timm:模型。来源和构建时间见 docs/howto/reencode.md", build: "构建它的空间", builds: (name) => `正在构建 ${name}`, started: "正在旁边构建，搜索不受影响", switch: "切换到它", switchSure: (name) => `改用 ${name}？`, switchWhy: "之前的向量会保留，随时可以回滚。", switched: (name) => `现在使用 ${name}`, compare: "比较", same: "请先在上面填写另一个编码器，再进行比较。", steps: "构建空间，与正在使用的比较，切换，必要时回滚。", known: "已知：",
};
const t = texts({ en, zh });
type Asking = { what: "back" } | { what: "switch"; name: string } | { what: "drop"; space: string };

export function Encoders() {
  const loaded = useLoad((signal) => api.get("/v1/encoders", { signal }), []);
  const jobs = useLoad((signal) => api.get("/v1/jobs", { query: { per_page: 50 }, signal }), []);
  const [name, setName] = useState("");
  const [job, setJob] = useState<{ id: string; name: string } | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const built = (jobs.value?.jobs ?? []).filter((one) => one.kind === "encode").map((one) => String(one.request.encoder ?? ""));
  const running = (jobs.value?.jobs ?? []).find((one) => one.kind === "encode" && ["queued", "running", "paused"].includes(one.state));
  const build = async () => {
    const made = await attempt(() => api.post("/v1/encoders/build", { body: { encoder: name.trim() } }), t().started);
    if (made) setJob({ id: made.id, name: name.trim() });
  };
  const told = job ?? (running ? { id: running.id, name: String(running.request.encoder ?? "") } : null);
  const take = (now: Schemas["Encoders"] | undefined) => { if (now) loaded.set(now); };
  const roll = async () => take(await attempt(() => api.post("/v1/encoders/rollback"), t().backDone(loaded.value?.before ?? "")));
  const change = async (to: string) => take(await attempt(() => api.post("/v1/encoders/switch", { body: { encoder: to } }), t().switched(to)));
  const drop = async (space: string) => { if (await attempt(() => api.delete("/v1/encoders/spaces/{space}", { path: { space } }), t().dropped)) loaded.reload(); };
  return (
    <>
      <Heading>{say().encoders}</Heading>
      <p class="soft">{t().steps}</p>
      <Shown loaded={loaded}>{(now) => {
        const known = [...new Set([...built, now.before, now.serves])].filter((one) => one && one !== now.serves);
        return (
          <>
            <dl class="figures two">
              <div class="card figure"><dt>{t().serves}</dt><dd class="value small-value">{now.serves}</dd><dd class="soft small-text"><code>{now.space}</code></dd></div>
              <div class="card figure"><dt>{t().before}</dt><dd class="value small-value">{now.before || t().never}</dd><dd>{now.before && now.before !== now.serves && <Button small onClick={() => setAsking({ what: "back" })}>{t().back}</Button>}</dd></div>
            </dl>
            <Table caption={t().spaces} rows={now.spaces} keyOf={(one) => one.space} columns={[
              { key: "space", label: t().space, cell: (one) => <code>{one.space}</code> },
              { key: "vectors", label: t().vectors, end: true, cell: (one) => number(one.vectors) },
              { key: "bytes", label: t().bytes, end: true, cell: (one) => size(one.bytes) },
              { key: "missing", label: t().missing, cell: (one) => list(Object.entries(one.missing).filter(([, n]) => n).map(([what, n]) => t().lacks(number(n), t().what[what as "picture" | "words"] ?? what))) },
              { key: "state", label: t().state, cell: (one) => <span class="row">{one.serves && <Chip tone="strong">{t().serving}</Chip>}<Chip tone={one.complete ? "good" : "warn"}>{one.complete ? t().complete : t().incomplete}</Chip></span> },
              { key: "drop", label: t().drop, cell: (one) => !one.serves && <Button small kind="danger" aria-label={t().dropIt(one.space)} onClick={() => setAsking({ what: "drop", space: one.space })}>{t().drop}</Button> },
            ]} />
            <section class="card stack" aria-labelledby="other"><h2 id="other">{t().other}</h2>
              <TextField label={t().name} hint={t().nameHint} value={name} onValue={setName} spellcheck={false} />
              {known.length > 0 && <p class="row small-text"><span class="soft">{t().known}</span>{known.map((one) => <Button small key={one} onClick={() => setName(one)}>{one}</Button>)}</p>}
              <p class="row"><Button onClick={() => void build()} disabled={!name.trim()}>{t().build}</Button><Button kind="primary" disabled={!name.trim()} onClick={() => setAsking({ what: "switch", name: name.trim() })}>{t().switch}</Button></p>
              {told && <JobCard key={told.id} id={told.id} label={t().builds(told.name)} onOver={() => { loaded.reload(); }} />}
            </section>
            <section class="card stack" aria-labelledby="compare"><h2 id="compare">{t().compare}</h2>
              {name.trim() && name.trim() !== now.serves ? <ManyQueries key={name.trim()} a={{ name: now.serves }} b={{ encoder: name.trim(), name: name.trim() }} /> : <p class="soft">{t().same}</p>}
            </section>
          </>
        );
      }}</Shown>
      {asking?.what === "back" && <Confirm title={t().backSure(loaded.value?.before ?? "")} action={t().back} onYes={roll} onClose={() => setAsking(null)}><p>{t().backWhy}</p></Confirm>}
      {asking?.what === "switch" && <Confirm title={t().switchSure(asking.name)} action={t().switch} onYes={() => change(asking.name)} onClose={() => setAsking(null)}><p>{t().switchWhy}</p></Confirm>}
      {asking?.what === "drop" && <Confirm title={t().dropSure} action={t().drop} onYes={() => drop(asking.space)} onClose={() => setAsking(null)}><p>{t().dropWhy(asking.space)}</p></Confirm>}
    </>
  );
}
