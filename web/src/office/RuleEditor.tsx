// One rule: its fields on one side, on the other a query before and after it, where products are dragged to be pinned.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isAbort, type Schemas } from "~/api";
import { date, number, texts } from "~/i18n";
import { Button, Check, Chip, Combobox, Icon, IconButton, Select, SelectField, TextArea, TextField, toast } from "~/kit";
import { pinned, ruleOf, type Draft, type Target, type Wish } from "./draft";
import { attempt, Failure, idFrom, Live, Shown, Thumb, titleOf, useLoad } from "./parts";
import { api } from "./session";
import { say } from "./texts";

const en = {
  name: "Name of the rule", nameHint: "Letters, digits, - and _", phrases: "When the words are", phrasesHint: "Several with commas; empty: always", match: "How they count", contains: "in the query", exact: "whole query", filter: "And the shopper's filter demands", filterHint: "brand=Luma; if wanted",
  enabled: "In force", starts: "From", ends: "Until", schedule: "Schedule", localTime: "In the time of this device", priority: "Priority", priorityHint: "The higher one wins", note: "Note", redirect: "Redirect to", redirectHint: "/sale or https://...",
  targets: "Hide, boost, bury", add: "Add", wishes: { hide: "hide", boost: "boost", bury: "bury" }, byFilter: "by filter", byIds: "by ids", which: "Products", amount: "How much", amountHint: "2: as if 7 times as likely", what: "What to do", removeRow: (n: string) => `Remove line ${n}`,
  synonyms: "Words that mean the same", words: "Words", of: "Only for", ofHint: "one way; if wanted", save: "Save rule", saved: (n: string) => `Saved as version ${n}`, warnings: "No effect as the shop is now:",
  preview: "Before and after", query: "Query to look at", before: "Before", after: "After", found: (n: string) => `${n} found`, nowIs: "as shoppers see it now", silent: "The rule has no effect on this query", speaks: "The rule takes effect", idle: "The rule does nothing yet", dragHint: "Drag a product to its place to pin it, choose its number, or use the arrow keys on its handle.", spot: (name: string) => `Place of ${name}`, move: (name: string, n: string) => `Move ${name}, now at ${n}: arrow keys`, pin: (name: string) => `Pin ${name} here`, unpin: (name: string) => `Unpin ${name}`, hide: (name: string) => `Hide ${name}`,
  pinnedAt: (name: string, n: string) => `${name} is pinned at ${n}`, unpinned: (name: string) => `${name} is no longer pinned`, pinnedChip: "pinned", newHere: "new", up: (n: string) => `▲ ${n}`, down: (n: string) => `▼ ${n}`, other: "Pin another product", results: "Products found", goesTo: (to: string) => `Sends to ${to}`,
  history: "History", versions: { put: "changed", delete: "deleted", restore: "restored" }, version: (n: string) => `Version ${n}`, restore: "Restore", restoreIt: (n: string) => `Restore version ${n}`, restored: (n: string) => `Brought back as version ${n}`, none: "Nothing found",
};
const zh: typeof en = {
  name: "规则名称", nameHint: "字母、数字、- 和 _", phrases: "当搜索词是", phrasesHint: "多个用逗号分隔；留空表示总是", match: "匹配方式", contains: "出现在搜索词中", exact: "等于整个搜索词", filter: "并且顾客的筛选要求", filterHint: "brand=Luma；可选",
  enabled: "生效", starts: "开始", ends: "结束", schedule: "时间安排", localTime: "按本设备的时间", priority: "优先级", priorityHint: "数值大的优先", note: "备注", redirect: "跳转到", redirectHint: "/sale 或 https://...",
  targets: "隐藏、提升、降低", add: "添加", wishes: { hide: "隐藏", boost: "提升", bury: "降低" }, byFilter: "按筛选", byIds: "按编号", which: "商品", amount: "力度", amountHint: "2：相当于可能性的 7 倍", what: "操作", removeRow: (n) => `移除第 ${n} 行`,
  synonyms: "意思相同的词", words: "词", of: "仅用于", ofHint: "单向；可选", save: "保存规则", saved: (n) => `已保存为第 ${n} 版`, warnings: "按商店现状没有作用：",
  preview: "之前与之后", query: "用来预览的搜索词", before: "之前", after: "之后", found: (n) => `找到 ${n} 个`, nowIs: "顾客现在看到的", silent: "规则对这个搜索词不起作用", speaks: "规则起作用", idle: "规则还没有任何作用", dragHint: "把商品拖到想要的位置即可置顶，也可以选择序号，或在手柄上按方向键。", spot: (name) => `${name} 的位置`, move: (name, n) => `移动 ${name}，现在第 ${n} 位：方向键`, pin: (name) => `把 ${name} 固定在这里`, unpin: (name) => `取消固定 ${name}`, hide: (name) => `隐藏 ${name}`,
  pinnedAt: (name, n) => `${name} 固定在第 ${n} 位`, unpinned: (name) => `${name} 不再固定`, pinnedChip: "已固定", newHere: "新", up: (n) => `▲ ${n}`, down: (n) => `▼ ${n}`, other: "固定另一个商品", results: "找到的商品", goesTo: (to) => `跳转到 ${to}`,
  history: "历史", versions: { put: "更改", delete: "删除", restore: "恢复" }, version: (n) => `第 ${n} 版`, restore: "恢复", restoreIt: (n) => `恢复第 ${n} 版`, restored: (n) => `已恢复为第 ${n} 版`, none: "没有找到",
};
const t = texts({ en, zh });
type Hit = Schemas["Hit"];
type Preview = Schemas["RulePreview"];
const PER_PAGE = 12;
const WISHES: readonly Wish[] = ["hide", "boost", "bury"];

export function RuleEditor({ first, historyOnly, onSaved, onRestored }: { first: Draft; historyOnly?: boolean; onSaved: (id: string) => void; onRestored: () => void }) {
  const [draft, setDraft] = useState(first);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const put = (more: Partial<Draft>) => setDraft((before) => ({ ...before, ...more }));
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const id = draft.id.trim();
      // A name may be used again after its rule was deleted; of a rule that is there the version that was read is changed.
      const there = first.version > 0 || (await api.get("/v1/rules")).rules.some((one) => one.rule_id === id && one.rule);
      const saved = await api.put("/v1/rules/{rule_id}", { path: { rule_id: id }, query: there ? { version: first.version } : {}, body: ruleOf({ ...draft, id }) });
      toast([t().saved(number(saved.version)), ...(saved.warnings?.length ? [t().warnings, ...saved.warnings] : [])].join(" "));
      onSaved(saved.rule_id);
      onRestored();
    } catch (error) {
      if (!isAbort(error)) setProblem(error instanceof Error ? error : new Error(String(error)));
    }
    setBusy(false);
  };
  if (historyOnly) return <History id={first.id} onRestored={onRestored} />;
  return (
    <div class="editor">
      <form class="stack" onSubmit={(event) => void save(event)}>
        <div class="card stack">
          <TextField label={t().name} hint={t().nameHint} value={draft.id} onValue={(id) => put({ id })} disabled={first.version > 0} required />
          <TextField label={t().phrases} hint={t().phrasesHint} value={draft.phrases} onValue={(phrases) => put({ phrases, ...(first.version === 0 && (!draft.id || draft.id === idFrom("rule", draft.phrases)) ? { id: idFrom("rule", phrases) } : {}) })} />
          <div class="row fields">
            <SelectField<Draft["match"]> label={t().match} value={draft.match} onValue={(match) => put({ match })} options={[{ value: "contains", label: t().contains }, { value: "exact", label: t().exact }]} />
            <TextField label={t().filter} hint={t().filterHint} value={draft.filter} onValue={(filter) => put({ filter })} spellcheck={false} />
          </div>
        </div>
        <fieldset class="card stack"><legend class="label">{t().targets}</legend>
          {draft.targets.map((one, n) => <TargetRow key={n} target={one} n={n} onTarget={(now) => put({ targets: draft.targets.flatMap((old, m) => (m !== n ? [old] : now ? [now] : [])) })} />)}
          <p class="row">{WISHES.map((wish) => <Button small icon="plus" key={wish} onClick={() => put({ targets: [...draft.targets, { wish, by: "filter", what: "", amount: wish === "hide" ? "" : "2" }] })}>{t().wishes[wish]}</Button>)}</p>
        </fieldset>
        <details class="card" open={draft.synonyms.length > 0 || Boolean(draft.redirect)}><summary>{t().synonyms}, {t().redirect}</summary>
          <div class="stack spaced">
            {draft.synonyms.map((one, n) => (
              <div class="row fields" key={n}>
                <TextField label={t().words} value={one.words} onValue={(words) => put({ synonyms: draft.synonyms.map((old, m) => (m === n ? { ...old, words } : old)) })} />
                <TextField label={t().of} hint={t().ofHint} value={one.of} onValue={(of) => put({ synonyms: draft.synonyms.map((old, m) => (m === n ? { ...old, of } : old)) })} />
                <IconButton icon="trash" label={t().removeRow(number(n + 1))} onClick={() => put({ synonyms: draft.synonyms.filter((_, m) => m !== n) })} />
              </div>
            ))}
            <p><Button small icon="plus" onClick={() => put({ synonyms: [...draft.synonyms, { words: "", of: "" }] })}>{t().add}</Button></p>
            <TextField label={t().redirect} hint={t().redirectHint} value={draft.redirect} onValue={(redirect) => put({ redirect })} spellcheck={false} />
          </div>
        </details>
        <fieldset class="card stack"><legend class="label">{t().schedule}</legend>
          <Check checked={draft.enabled} onValue={(enabled: boolean) => put({ enabled })}>{t().enabled}</Check>
          <div class="row fields">
            <TextField type="datetime-local" label={t().starts} hint={t().localTime} value={draft.starts} onValue={(starts) => put({ starts })} />
            <TextField type="datetime-local" label={t().ends} hint={t().localTime} value={draft.ends} onValue={(ends) => put({ ends })} />
            <TextField label={t().priority} hint={t().priorityHint} inputMode="numeric" value={draft.priority} onValue={(priority) => put({ priority })} />
          </div>
          <TextArea label={t().note} value={draft.note} onValue={(note) => put({ note })} rows={2} />
        </fieldset>
        {problem && <Failure problem={problem} />}
        <p class="row sticky-foot"><Button kind="primary" type="submit" busy={busy} disabled={!draft.id.trim()}>{t().save}</Button></p>
      </form>
      <div class="stack">
        <BeforeAfter draft={draft} onPins={(pins) => put({ pins })} onHide={(id) => put({ pins: draft.pins.filter((one) => one.id !== id), targets: [...draft.targets, { wish: "hide", by: "ids", what: id, amount: "" }] })} />
        {first.version > 0 && <History id={first.id} now={first.version} onRestored={onRestored} />}
      </div>
    </div>
  );
}

function TargetRow({ target, n, onTarget }: { target: Target; n: number; onTarget: (target: Target | null) => void }) {
  const put = (more: Partial<Target>) => onTarget({ ...target, ...more });
  return (
    <div class="target">
      <SelectField<Wish> label={t().what} value={target.wish} onValue={(wish) => put({ wish, amount: wish === "hide" ? "" : target.amount || "2" })} options={WISHES.map((value) => ({ value, label: t().wishes[value] }))} />
      <SelectField<Target["by"]> label={t().which} value={target.by} onValue={(by) => put({ by })} options={[{ value: "filter", label: t().byFilter }, { value: "ids", label: t().byIds }]} />
      <IconButton icon="trash" label={t().removeRow(number(n + 1))} onClick={() => onTarget(null)} />
      <div class={target.wish === "hide" ? "what" : ""}><TextField label={target.by === "filter" ? say().filter : say().ids} placeholder={target.by === "filter" ? "brand=Luma and in_stock" : "P1, P2"} value={target.what} onValue={(what) => put({ what })} spellcheck={false} /></div>
      {target.wish !== "hide" && <TextField label={t().amount} hint={t().amountHint} inputMode="decimal" value={target.amount} onValue={(amount) => put({ amount })} />}
    </div>
  );
}

const unchanged = (answer: Schemas["Answer"]): Preview => ({ at: "", applies: false, before: answer, after: answer, moves: [], warnings: [] });

/** A query without the rule and with it. The list after is where products are pinned, by dragging or by keys. */
function BeforeAfter({ draft, onPins, onHide }: { draft: Draft; onPins: (pins: Draft["pins"]) => void; onHide: (id: string) => void }) {
  const [words, setWords] = useState(draft.phrases.split(/[,，、]/)[0] ?? "");
  const [seen, setSeen] = useState<Preview | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [told, setTold] = useState("");
  const [other, setOther] = useState("");
  const typed = useRef(false);
  const list = useRef<HTMLOListElement>(null);
  const moving = useRef("");
  const [over, setOver] = useState(-1);
  const rule = ruleOf({ ...draft, id: draft.id.trim() || "new-rule" });
  const asked = typed.current ? words : draft.phrases.split(/[,，、]/)[0] ?? "";
  const text = JSON.stringify({ rule, query: { q: asked.trim(), per_page: PER_PAGE, ...(draft.filter.trim() ? { filter_by: draft.filter.trim() } : {}) } });
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const body = JSON.parse(text) as Required<Schemas["RulePreviewRequest"]>;
      const idle = !Object.keys(body.rule.then).length; // it does nothing yet: the service would refuse it
      const asking = idle ? api.post("/v1/search", { body: body.query, signal: stop.signal }).then(unchanged) : api.post("/v1/rules/preview", { body, signal: stop.signal });
      asking.then(
        (found) => { setSeen(found); setProblem(null); },
        (error: unknown) => { if (!isAbort(error)) setProblem(error instanceof Error ? error : new Error(String(error))); },
      );
    }, 150);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text]);
  // A node that is moved loses the focus: the handle that was used gets it back.
  useLayoutEffect(() => { if (moving.current) list.current?.querySelector<HTMLElement>(`[data-handle="${CSS.escape(moving.current)}"]`)?.focus(); }, [seen]);
  const pin = (hit: Pick<Hit, "product">, position: number) => {
    onPins(pinned(draft.pins, hit.product.id, position));
    setTold(t().pinnedAt(titleOf(hit.product), number(position)));
  };
  const free = (hit: Hit) => { onPins(draft.pins.filter((one) => one.id !== hit.product.id)); setTold(t().unpinned(titleOf(hit.product))); };
  const keys = (event: KeyboardEvent, hit: Hit, position: number) => {
    const to = { ArrowUp: position - 1, ArrowLeft: position - 1, ArrowDown: position + 1, ArrowRight: position + 1, Home: 1 }[event.key];
    if (to === undefined || to < 1) return;
    event.preventDefault();
    moving.current = hit.product.id;
    pin(hit, to);
  };
  const was = new Map(seen?.before.hits.map((hit, n) => [hit.product.id, n + 1]));
  const find = async (typedWords: string, signal: AbortSignal) => (await api.post("/v1/search", { body: { q: typedWords, per_page: 8 }, signal })).hits;
  return (
    <section class="card stack" aria-labelledby="preview"><h2 id="preview">{t().preview}</h2>
      <TextField label={t().query} type="search" value={asked} onValue={(now) => { typed.current = true; setWords(now); }} />
      {problem && <Failure problem={problem} />}
      {seen && (
        <>
          <p class="row" role="status"><Chip tone={seen.applies ? "good" : "unused"}>{seen.applies ? t().speaks : seen.at ? t().silent : t().idle}</Chip>{seen.after.redirect && <Chip>{t().goesTo(seen.after.redirect)}</Chip>}</p>
          {seen.warnings.length > 0 && <ul class="warnings">{seen.warnings.map((one) => <li key={one} dir="auto">{one}</li>)}</ul>}
          <p class="soft small-text">{t().dragHint}</p>
          <Live text={told} />
          <div class="preview">
            <div class="stack tight"><h3>{t().before} <span class="soft small-text">{t().found(number(seen.before.found))} · {t().nowIs}</span></h3>
              {!seen.before.hits.length && <p class="soft">{t().none}</p>}
              <ol class="lineup" aria-label={t().before}>{seen.before.hits.map((hit, n) => (
                <li key={hit.product.id} class="place" draggable onDragStart={(event) => event.dataTransfer?.setData("text/plain", hit.product.id)}><span class="num soft">{number(n + 1)}</span><Thumb hash={hit.picture} side={40} /><bdi class="grow">{titleOf(hit.product)}</bdi></li>
              ))}</ol>
            </div>
            <div class="stack tight"><h3>{t().after} <span class="soft small-text">{t().found(number(seen.after.found))}</span></h3>
              {!seen.after.hits.length && <p class="soft">{t().none}</p>}
              <ol class="lineup" aria-label={t().after} ref={list} onDragLeave={() => setOver(-1)}>{seen.after.hits.map((hit, n) => {
                const name = titleOf(hit.product), before = was.get(hit.product.id), isPinned = draft.pins.some((one) => one.id === hit.product.id);
                return (
                  <li key={hit.product.id} class={over === n ? "place over" : "place"} draggable
                    onDragStart={(event) => event.dataTransfer?.setData("text/plain", hit.product.id)}
                    onDragOver={(event) => { event.preventDefault(); setOver(n); }}
                    onDrop={(event) => {
                      event.preventDefault();
                      setOver(-1);
                      const id = event.dataTransfer?.getData("text/plain") ?? "";
                      const dropped = [...seen.after.hits, ...seen.before.hits].find((one) => one.product.id === id);
                      if (dropped) pin(dropped, n + 1);
                    }}>
                    <button type="button" class="btn icon small" data-handle={hit.product.id} aria-label={t().move(name, number(n + 1))} title={t().dragHint} onKeyDown={(event) => keys(event, hit, n + 1)} onBlur={() => { moving.current = ""; }}><Icon name="drag" /></button>
                    <Select class="spot" aria-label={t().spot(name)} value={String(n + 1)} options={seen.after.hits.map((_, m) => ({ value: String(m + 1), label: number(m + 1) }))} onValue={(to) => pin(hit, Number(to))} /><Thumb hash={hit.picture} side={40} />
                    <span class="grow"><bdi>{name}</bdi>{" "}{isPinned ? <Chip tone="strong">{t().pinnedChip}</Chip> : before === undefined ? <Chip tone="good">{t().newHere}</Chip> : before > n + 1 ? <Chip tone="good">{t().up(number(before - n - 1))}</Chip> : before < n + 1 && <Chip tone="warn">{t().down(number(n + 1 - before))}</Chip>}</span>
                    <IconButton small icon="pin" label={isPinned ? t().unpin(name) : t().pin(name)} aria-pressed={isPinned} onClick={() => (isPinned ? free(hit) : pin(hit, n + 1))} />
                    <IconButton small icon="ban" label={t().hide(name)} onClick={() => onHide(hit.product.id)} />
                  </li>
                );
              })}</ol>
            </div>
          </div>
        </>
      )}
      <div class="pop field"><span class="label" aria-hidden="true">{t().other}</span>
        <Combobox label={t().other} listLabel={t().results} value={other} onValue={setOther} propose={find} textOf={(hit) => titleOf(hit.product)} input={{ class: "input", placeholder: say().search }}
          draw={(hit) => <><Thumb hash={hit.picture} side={32} /><bdi>{titleOf(hit.product)}</bdi></>}
          onChoose={(hit) => { setOther(""); pin(hit, Math.max(0, ...draft.pins.map((one) => one.position)) + 1); }} />
      </div>
    </section>
  );
}

function History({ id, now, onRestored }: { id: string; now?: number; onRestored: () => void }) {
  const loaded = useLoad((signal) => api.get("/v1/rules/{rule_id}/history", { path: { rule_id: id }, signal }), [id, now]);
  const restore = async (version: number) => {
    const made = await attempt(() => api.post("/v1/rules/{rule_id}/restore", { path: { rule_id: id }, body: { version } }));
    if (made) { toast(t().restored(number(made.version))); loaded.reload(); onRestored(); }
  };
  return (
    <section class="card stack" aria-labelledby="history"><h2 id="history">{t().history}</h2>
      <Shown loaded={loaded}>{({ versions }) => (
        <ol class="stack tight">{[...versions].reverse().map((one) => (
          <li class="row" key={one.version}><strong>{t().version(number(one.version))}</strong><Chip tone={one.what === "delete" ? "warn" : ""}>{t().versions[one.what]}</Chip><span class="soft small-text grow">{date(one.at)} · {one.by}</span>
            {one.rule && one.version !== now && <Button small aria-label={t().restoreIt(number(one.version))} onClick={() => void restore(one.version)}>{t().restore}</Button>}</li>
        ))}</ol>
      )}</Shown>
    </section>
  );
}
