// What is wrong with the catalogue and the installation, and the call that mends it.
import { useState } from "preact/hooks";
import type { Method, Schemas } from "~/api";
import { number, texts } from "~/i18n";
import { Button, Chip, Empty } from "~/kit";
import { attempt, Confirm, Shown, useLoad } from "./parts";
import { api } from "./session";
import { go, hrefOf } from "./route";

const en = {
  well: "Nothing is wrong.", again: "Examine again", levels: { error: "wrong", warning: "warning", note: "note" }, fixes: { build: "Build what is missing", drop: "Drop these vectors", rules: "Look at the rules", import: "Import the mended feed" },
  sure: (what: string) => `${what}?`, call: "This call is made:", done: "Done", examples: "Such as",
};
const zh: typeof en = {
  well: "一切正常。", again: "重新检查", levels: { error: "错误", warning: "警告", note: "提示" }, fixes: { build: "构建缺少的向量", drop: "删除这些向量", rules: "查看规则", import: "导入修正后的数据" },
  sure: (what) => `${what}？`, call: "将执行以下调用：", done: "完成", examples: "例如",
};
const t = texts({ en, zh });
type Finding = Schemas["Doctor"]["findings"][number];
type Fix = NonNullable<Finding["fix"]>;

const kindOf = (fix: Fix): keyof typeof en.fixes =>
  fix.path.startsWith("/v1/encoders/build") ? "build" : fix.method === "DELETE" ? "drop" : fix.path.startsWith("/v1/rules") ? "rules" : "import";

export function Doctor({ onMended, onImport }: { onMended: () => void; onImport: () => void }) {
  const loaded = useLoad((signal) => api.get("/v1/doctor", { signal }), []);
  const [asking, setAsking] = useState<Fix | null>(null);
  const mend = (fix: Fix) => {
    const kind = kindOf(fix);
    if (kind === "import") onImport();
    else if (kind === "rules") go(hrefOf("rules"));
    else setAsking(fix);
  };
  const call = async (fix: Fix) => {
    const done = await attempt(() => api.fetch(fix.method.toLowerCase() as Method, api.address(fix.path), { body: fix.body }), t().done);
    if (done) { if (kindOf(fix) === "build") go(hrefOf("encoders")); else onMended(); }
  };
  return (
    <div class="stack">
      <p><Button small onClick={loaded.reload} busy={loaded.busy}>{t().again}</Button></p>
      <Shown loaded={loaded}>{({ findings }) => (!findings.length ? <Empty title={t().well} /> : (
        <ul class="stack">
          {findings.map((one, n) => (
            <li class="card stack finding" key={`${one.code}${n}`}>
              <p class="row"><Chip tone={one.level === "error" ? "wrong" : one.level === "warning" ? "warn" : ""}>{t().levels[one.level]}</Chip><strong dir="auto">{one.message}</strong></p>
              {one.hint && <p class="soft" dir="auto">{one.hint}</p>}
              {one.examples.length > 0 && <p class="row small-text"><span class="soft">{t().examples}</span>{one.examples.map((text) => <code key={text} dir="auto">{text}</code>)}{one.count > one.examples.length && <span class="soft">… ({number(one.count)})</span>}</p>}
              {one.fix && <p><Button small onClick={() => mend(one.fix!)}>{t().fixes[kindOf(one.fix)]}</Button></p>}
            </li>
          ))}
        </ul>
      ))}</Shown>
      {asking && <Confirm title={t().sure(t().fixes[kindOf(asking)])} action={t().fixes[kindOf(asking)]} onYes={() => call(asking)} onClose={() => setAsking(null)}>
        <p>{t().call}</p><p><code>{asking.method} {asking.path} {asking.body ? JSON.stringify(asking.body) : ""}</code></p>
      </Confirm>}
    </div>
  );
}
