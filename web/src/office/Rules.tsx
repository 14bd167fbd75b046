// Rules: what there is, and since when; one of them edited beside what it does.
import { useState } from "preact/hooks";
import { Problem, type Schemas } from "~/api";
import { date, list, number, texts } from "~/i18n";
import { Button, Chip, Empty, Table } from "~/kit";
import { draftOf, EMPTY, whenOf, type Draft } from "./draft";
import { attempt, Confirm, Heading, idFrom, Link, Shown, useLoad } from "./parts";
import { RuleEditor } from "./RuleEditor";
import { go, hrefOf, usePlace } from "./route";
import { api } from "./session";
import { say } from "./texts";

const en = {
  make: "New rule", rules: "Rules", id: "Rule", when: "When", then: "What it does", state: "State", by: "Changed", remove: "Delete", removeIt: (id: string) => `Delete the rule ${id}`, removeSure: (id: string) => `Delete the rule ${id}?`, removeWhy: "It speaks no more, at once. Its history stays, and any version can be brought back.", removed: "The rule was deleted", always: "always",
  states: { live: "in force", off: "switched off", waits: "not yet", over: "over" }, empty: "There is no rule yet", emptyHint: "Rules pin, hide, boost and bury products, redirect, and tell which words mean the same. A filter is never overruled.",
  said: { pin: (n: string) => `pins ${n}`, hide: (n: string) => `hides ${n}`, boost: (n: string) => `boosts ${n}`, bury: (n: string) => `buries ${n}`, redirect: (to: string) => `redirects to ${to}`, synonyms: (words: string) => words }, back: "All rules", gone: (id: string) => `The rule ${id} was deleted; its history is below.`,
};
const zh: typeof en = {
  make: "新建规则", rules: "规则", id: "规则", when: "条件", then: "作用", state: "状态", by: "更改", remove: "删除", removeIt: (id) => `删除规则 ${id}`, removeSure: (id) => `删除规则 ${id}？`, removeWhy: "立即失效。历史会保留，任何版本都可以恢复。", removed: "规则已删除", always: "总是",
  states: { live: "生效中", off: "已关闭", waits: "未开始", over: "已结束" }, empty: "还没有规则", emptyHint: "规则可以置顶、隐藏、提升和降低商品，跳转页面，设定同义词。规则不会推翻筛选条件。",
  said: { pin: (n) => `置顶 ${n} 个`, hide: (n) => `隐藏 ${n} 个`, boost: (n) => `提升 ${n} 组`, bury: (n) => `降低 ${n} 组`, redirect: (to) => `跳转到 ${to}`, synonyms: (words) => words }, back: "全部规则", gone: (id) => `规则 ${id} 已删除；历史见下方。`,
};
const t = texts({ en, zh });
type Version = Schemas["RuleVersion"];
type Rule = Schemas["Rule"];

function thenOf({ then }: Rule): string {
  const parts = (["pin", "hide", "boost", "bury"] as const).flatMap((name) => (then[name]?.length ? [t().said[name](number(then[name]!.length))] : []));
  if (then.redirect) parts.push(t().said.redirect(then.redirect));
  for (const one of then.synonyms ?? []) parts.push(t().said.synonyms(one.of ? `${one.of} → ${one.words.join(", ")}` : one.words.join(" = ")));
  return list(parts);
}

function whenSaid({ when }: Rule): string {
  const phrases = typeof when?.query === "string" ? [when.query] : when?.query ?? [];
  return [phrases.map((one) => (when?.match === "exact" ? `= ${one}` : `“${one}”`)).join(", "), when?.filter ?? ""].filter(Boolean).join(" · ") || t().always;
}

export function Rules() {
  const { rest, query } = usePlace();
  const words = query.get("new");
  if (rest) return <One key={rest} id={rest} />;
  if (words !== null) return <Edit key={words} draft={{ ...EMPTY, id: words ? idFrom("rule", words) : "", phrases: words }} />;
  return <All />;
}

function All() {
  const loaded = useLoad((signal) => api.get("/v1/rules", { signal }), []);
  const [ending, setEnding] = useState<Version | null>(null);
  const remove = async ({ rule_id, version }: Version) => {
    if (await attempt(() => api.delete("/v1/rules/{rule_id}", { path: { rule_id }, query: { version } }), t().removed)) loaded.reload();
  };
  return (
    <>
      <Heading aside={<Link class="btn primary" page="rules" query={{ new: "" }}>{t().make}</Link>}>{say().rules}</Heading>
      <Shown loaded={loaded}>{({ rules }) => (
        <Table caption={t().rules} hideCaption rows={rules.filter((one) => one.rule)} keyOf={(one) => one.rule_id} empty={<Empty title={t().empty}><p>{t().emptyHint}</p></Empty>} columns={[
          { key: "id", label: t().id, cell: (one) => <Link page={`rules/${encodeURIComponent(one.rule_id)}`}><bdi>{one.rule_id}</bdi></Link> },
          { key: "when", label: t().when, cell: (one) => <bdi>{whenSaid(one.rule!)}</bdi> },
          { key: "then", label: t().then, cell: (one) => <bdi>{thenOf(one.rule!)}</bdi> },
          { key: "state", label: t().state, cell: (one) => { const state = whenOf(one.rule!); return <Chip tone={state === "live" ? "good" : "unused"}>{t().states[state]}</Chip>; } },
          { key: "by", label: t().by, cell: (one) => <span class="small-text">{date(one.at)} · {one.by}</span> },
          { key: "end", label: t().remove, cell: (one) => <Button small kind="danger" aria-label={t().removeIt(one.rule_id)} onClick={() => setEnding(one)}>{t().remove}</Button> },
        ]} />
      )}</Shown>
      {ending && <Confirm title={t().removeSure(ending.rule_id)} action={t().remove} onYes={() => remove(ending)} onClose={() => setEnding(null)}><p>{t().removeWhy}</p></Confirm>}
    </>
  );
}

function One({ id }: { id: string }) {
  const loaded = useLoad(async (signal) => {
    try {
      return { found: await api.get("/v1/rules/{rule_id}", { path: { rule_id: id }, signal }) };
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 404) return { found: null };
      throw problem;
    }
  }, [id]);
  return (
    <Shown loaded={loaded}>{({ found }) => (found?.rule ? <Edit key={found.version} draft={draftOf(found.rule, id, found.version)} onRestored={loaded.reload} />
      : <><Heading>{id}</Heading><p>{t().gone(id)}</p><Edit bare draft={{ ...EMPTY, id }} onRestored={loaded.reload} /></>)}</Shown>
  );
}

function Edit({ draft, bare, onRestored }: { draft: Draft; bare?: boolean; onRestored?: () => void }) {
  const isNew = draft.version === 0;
  return (
    <>
      {!bare && <Heading aside={<Link class="btn plain" page="rules">{t().back}</Link>}>{isNew ? t().make : draft.id}</Heading>}
      <RuleEditor first={draft} historyOnly={bare} onSaved={(id) => go(hrefOf(`rules/${encodeURIComponent(id)}`), isNew)} onRestored={onRestored ?? (() => {})} />
    </>
  );
}
