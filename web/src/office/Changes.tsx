// What happened to the catalogue last.
import { texts } from "~/i18n";
import { Button, Chip, Table } from "~/kit";
import { attempt, Shown, useLoad } from "./parts";
import { api } from "./session";
import { say } from "./texts";

const en = { changes: "The last changes, the newest first", seq: "Change", id: "Id", what: "What", title: "Title", kinds: { product: "product written", offer: "price or stock", removed: "removed" }, empty: "Nothing was ever written." };
const zh: typeof en = { changes: "最近的改动，最新在前", seq: "改动", id: "编号", what: "内容", title: "标题", kinds: { product: "写入商品", offer: "价格或库存", removed: "已移除" }, empty: "还没有写入任何内容。" };
const t = texts({ en, zh });

export function Changes() {
  const loaded = useLoad((signal) => api.get("/v1/changes", { query: { per_page: 50 }, signal }), []);
  const more = async (before: number) => {
    const next = await attempt(() => api.get("/v1/changes", { query: { per_page: 50, before } }));
    if (next && loaded.value) loaded.set({ changes: [...loaded.value.changes, ...next.changes], next_before: next.next_before });
  };
  return (
    <Shown loaded={loaded}>{(now) => (
      <>
        <Table caption={t().changes} rows={now.changes} keyOf={(one) => String(one.seq)} empty={<p class="soft">{t().empty}</p>} columns={[
          { key: "seq", label: t().seq, end: true, cell: (one) => one.seq },
          { key: "what", label: t().what, cell: (one) => <Chip tone={one.what === "removed" ? "warn" : one.what === "offer" ? "" : "good"}>{t().kinds[one.what]}</Chip> },
          { key: "id", label: t().id, cell: (one) => <code>{one.id}</code> },
          { key: "title", label: t().title, cell: (one) => <bdi>{one.title}</bdi> },
        ]} />
        {now.next_before && <p><Button onClick={() => void more(now.next_before!)}>{say().more}</Button></p>}
      </>
    )}</Shown>
  );
}
