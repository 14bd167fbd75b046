// Keys: made, shown once, revoked; and the limits in force.
import { useState } from "preact/hooks";
import type { Schemas } from "~/api";
import { date, number, texts } from "~/i18n";
import { common } from "~/i18n/common";
import { Button, Check, Chip, Dialog, Table, TextField } from "~/kit";
import { attempt, Confirm, Failure, Heading, ms, Shown, size, useLoad } from "./parts";
import { api } from "./session";
import { say } from "./texts";

const en = {
  make: "Make a key", name: "Name", nameHint: "Who uses it: shop front, importer, ...", scopes: "May", scope: { search: "search", catalogue: "write products, rules, feeds", admin: "everything, keys too" }, expires: "Expires after", expiresHint: "90d, 12h, or a moment; empty: never", filter: "Sees only", filterHint: "A filter such as in_stock and brand=Luma; with search alone", rate: "Rate", rateHint: "20/s, 600/min; empty: as the settings have it", quota: "Requests a day", made: "The key, shown this once", madeHint: "Keep it now: only its checksum is stored.", copy: "Copy", copied: "Copied", done: "I have kept it",
  keys: "Keys", id: "Id", created: "Made", ends: "Expires", used: "Today", state: "State", live: "valid", revoked: "revoked", expired: "expired", never: "never", revoke: "Revoke", revokeIt: (name: string) => `Revoke the key ${name}`, sure: (name: string) => `Revoke the key ${name}?`, sureWhy: "It is refused within a second, for good.", gone: "The key was revoked", own: "the key you are here with",
  limits: "Limits in force", set: "Set in shoplens.toml, taken up by reload or restart.", mode: "Who needs a key", modes: { off: "nobody; nothing can be changed over HTTP", writes: "who changes something", all: "everybody" }, address: "Rate of an address", key: "Rate of a key", unlimited: "unlimited", waiting: "Requests that may wait", wait: "Longest wait under load", timeout: "Longest time of a search", body: "Largest body", ruleWrites: "Rules changed without a key", of: (used: string, all: string) => `${used} of ${all}`,
};
const zh: typeof en = {
  make: "创建密钥", name: "名称", nameHint: "由谁使用：店面、导入程序……", scopes: "权限", scope: { search: "搜索", catalogue: "写入商品、规则、数据", admin: "全部，包括密钥" }, expires: "有效期", expiresHint: "90d、12h 或具体时刻；留空表示永久", filter: "只能看到", filterHint: "筛选条件，例如 in_stock and brand=Luma；仅限只有搜索权限时", rate: "频率", rateHint: "20/s、600/min；留空则按设置", quota: "每天请求数", made: "密钥，仅显示这一次", madeHint: "请立即保存：系统只存储校验值。", copy: "复制", copied: "已复制", done: "已保存好",
  keys: "密钥", id: "编号", created: "创建时间", ends: "到期", used: "今天", state: "状态", live: "有效", revoked: "已撤销", expired: "已过期", never: "永久", revoke: "撤销", revokeIt: (name) => `撤销密钥 ${name}`, sure: (name) => `撤销密钥 ${name}？`, sureWhy: "一秒内永久失效。", gone: "密钥已撤销", own: "您正在使用的密钥",
  limits: "生效的限额", set: "在 shoplens.toml 中设置，重新加载或重启后生效。", mode: "谁需要密钥", modes: { off: "没有人需要；不能通过 HTTP 更改", writes: "做更改的人", all: "所有人" }, address: "每个地址的频率", key: "每个密钥的频率", unlimited: "不限", waiting: "可等待的请求数", wait: "高负载时最长等待", timeout: "搜索最长时间", body: "最大请求体", ruleWrites: "无密钥更改规则", of: (used, all) => `${used} / ${all}`,
};
const t = texts({ en, zh });
type Key = Schemas["Key"];
const SCOPES = ["search", "catalogue", "admin"] as const;

export function Keys() {
  const keys = useLoad((signal) => api.get("/v1/keys", { signal }), []);
  const limits = useLoad((signal) => api.get("/v1/limits", { signal }), []);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Key | null>(null);
  const [ending, setEnding] = useState<Key | null>(null);
  const own = api.key?.split("_")[1] ?? "";
  const stateOf = (one: Key) => one.revoked ? <Chip tone="unused">{t().revoked}</Chip> : one.expires && new Date(one.expires) < new Date() ? <Chip tone="unused">{t().expired}</Chip> : <Chip tone="good">{t().live}</Chip>;
  return (
    <>
      <Heading aside={<Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{t().make}</Button>}>{say().keys}</Heading>
      <Shown loaded={keys}>{({ keys: all }) => (
        <Table caption={t().keys} hideCaption rows={all} keyOf={(one) => one.id} empty={<p class="soft">{say().none}</p>} columns={[
          { key: "name", label: t().name, cell: (one) => <span class="row"><bdi>{one.name}</bdi>{one.id === own && <Chip>{t().own}</Chip>}</span> },
          { key: "id", label: t().id, cell: (one) => <code>{one.id}</code> },
          { key: "scopes", label: t().scopes, cell: (one) => one.scopes.map((scope) => <code class="tag" key={scope}>{scope}</code>) },
          { key: "created", label: t().created, cell: (one) => date(one.created, { dateStyle: "medium" }) },
          { key: "ends", label: t().ends, cell: (one) => (one.expires ? date(one.expires) : t().never) },
          { key: "rate", label: t().rate, cell: (one) => one.rate ?? "" },
          { key: "used", label: t().used, end: true, cell: (one) => (one.quota ? t().of(number(limits.value?.used_today[one.id] ?? 0), number(one.quota)) : "") },
          { key: "filter", label: t().filter, cell: (one) => one.filter && <code>{one.filter}</code> },
          { key: "state", label: t().state, cell: stateOf },
          { key: "end", label: t().revoke, cell: (one) => !one.revoked && <Button small kind="danger" aria-label={t().revokeIt(one.name)} onClick={() => setEnding(one)}>{t().revoke}</Button> },
        ]} />
      )}</Shown>
      <Shown loaded={limits}>{(now) => <Limits now={now} />}</Shown>
      {making && <NewKey onClose={() => setMaking(false)} onMade={(one) => { setMaking(false); setMade(one); keys.reload(); }} />}
      {made && <Made made={made} onClose={() => setMade(null)} />}
      {ending && <Confirm title={t().sure(ending.name)} action={t().revoke} onClose={() => setEnding(null)}
        onYes={async () => { if (await attempt(() => api.delete("/v1/keys/{key_id}", { path: { key_id: ending.id } }), t().gone)) keys.reload(); }}><p>{t().sureWhy}</p></Confirm>}
    </>
  );
}

function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (made: Key) => void }) {
  const [given, setGiven] = useState({ name: "", expires: "", filter: "", rate: "", quota: "" });
  const [scopes, setScopes] = useState<readonly (typeof SCOPES)[number][]>(["search"]);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const put = (name: keyof typeof given) => (value: string) => setGiven({ ...given, [name]: value });
  const make = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { name, quota, ...rest } = given;
      const more = Object.fromEntries(Object.entries(rest).filter(([, value]) => value.trim()));
      onMade(await api.post("/v1/keys", { body: { name: name.trim(), scopes: [...scopes], ...more, ...(quota ? { quota: Number(quota) } : {}) } }));
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t().make} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void make(event)}>
        {problem && <Failure problem={problem} />}
        <TextField label={t().name} hint={t().nameHint} value={given.name} onValue={put("name")} required />
        <fieldset class="stack tight"><legend class="label">{t().scopes}</legend>
          {SCOPES.map((one) => <Check key={one} checked={scopes.includes(one)} onValue={(yes: boolean) => setScopes(SCOPES.filter((other) => (other === one ? yes : scopes.includes(other))))}><code class="tag">{one}</code> {t().scope[one]}</Check>)}
        </fieldset>
        <div class="row fields">
          <TextField label={t().expires} hint={t().expiresHint} value={given.expires} onValue={put("expires")} />
          <TextField label={t().rate} hint={t().rateHint} value={given.rate} onValue={put("rate")} />
          <TextField label={t().quota} hint={say().optional} inputMode="numeric" value={given.quota} onValue={put("quota")} />
        </div>
        <TextField label={t().filter} hint={t().filterHint} value={given.filter} onValue={put("filter")} spellcheck={false} />
        <p class="row"><Button onClick={onClose}>{common().cancel}</Button><Button kind="primary" type="submit" busy={busy} disabled={!given.name.trim() || !scopes.length}>{t().make}</Button></p>
      </form>
    </Dialog>
  );
}

function Made({ made, onClose }: { made: Key; onClose: () => void }) {
  const copy = () => void attempt(() => navigator.clipboard.writeText(made.key ?? "").then(() => true), t().copied);
  return (
    <Dialog title={t().made} onClose={onClose} foot={<Button kind="primary" onClick={onClose}>{t().done}</Button>}>
      <div class="stack"><p>{t().madeHint}</p><p class="row"><code class="secret" aria-label={t().made} role="textbox" aria-readonly="true" tabIndex={0}>{made.key}</code><Button small onClick={copy}>{t().copy}</Button></p></div>
    </Dialog>
  );
}

function Limits({ now }: { now: Schemas["Limits"] }) {
  const pairs: readonly [string, string][] = [
    [t().mode, `${now.keys}: ${t().modes[now.keys]}`], [t().ruleWrites, now.rules_writable ? say().yes : say().no], [t().address, now.rate_per_address || t().unlimited], [t().key, now.rate_per_key || t().unlimited],
    [t().waiting, number(now.max_waiting)], [t().wait, ms(now.max_wait_ms)], [t().timeout, ms(1000 * now.timeout_s)], [t().body, size(now.max_body_bytes)],
  ];
  return (
    <section class="card stack" aria-labelledby="limits"><h2 id="limits">{t().limits}</h2>
      <dl class="pairs">{pairs.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <p class="soft small-text">{t().set}</p>
    </section>
  );
}
