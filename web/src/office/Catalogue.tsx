// The catalogue: its products, feeds brought in, what changed last, what is wrong with it and what would mend that.
import { useState } from "preact/hooks";
import { texts } from "~/i18n";
import { Tabs } from "~/kit";
import { Changes } from "./Changes";
import { Doctor } from "./Doctor";
import { Import } from "./Import";
import { Heading } from "./parts";
import { Products } from "./Products";
import { go, hrefOf, usePlace } from "./route";
import { say } from "./texts";

const en = { parts: "Parts of the catalogue", products: "Products", import: "Import a feed", changes: "What changed", doctor: "What is wrong" };
const zh: typeof en = { parts: "目录的各部分", products: "商品", import: "导入商品数据", changes: "最近改动", doctor: "问题诊断" };
const t = texts({ en, zh });
const PARTS = ["products", "import", "changes", "doctor"] as const;
type Part = (typeof PARTS)[number];

export function Catalogue() {
  const { query } = usePlace();
  const asked = query.get("part");
  const part = PARTS.find((one) => one === asked) ?? "products";
  const [mended, setMended] = useState(0);
  const open = (to: Part) => go(hrefOf("catalogue", { part: to }), true);
  return (
    <>
      <Heading>{say().catalogue}</Heading>
      <Tabs label={t().parts} tabs={PARTS.map((id) => ({ id, label: t()[id] }))} selected={part} onSelect={open}>
        {part === "products" ? <Products /> : part === "import" ? <Import /> : part === "changes" ? <Changes />
          : <Doctor key={mended} onMended={() => setMended(mended + 1)} onImport={() => open("import")} />}
      </Tabs>
    </>
  );
}
