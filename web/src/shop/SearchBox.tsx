// One box for words and pictures.
import { useRef } from "preact/hooks";
import type { Schemas } from "~/api";
import { number } from "~/i18n";
import { Combobox, Icon, IconButton } from "~/kit";
import * as shop from "./store";
import { say } from "./texts";
import { named } from "./values";

type Suggestion = Schemas["Suggestion"];
const PATH = " > ";

// What it leads to, where that is no plain query: a brand, a product, or a category with the one that it lies in.
function kindOf({ kind, value }: Suggestion): string {
  if (kind === "brand") return say().brand;
  if (kind === "product") return say().product;
  if (kind !== "category") return "";
  const parent = value?.includes(PATH) ? value.slice(0, value.lastIndexOf(PATH)) : "";
  return parent ? say().in_ + named("category", parent) : say().category;
}

async function propose(text: string, signal: AbortSignal): Promise<readonly Suggestion[]> {
  return (await shop.api.get("/v1/suggest", { query: { q: text.slice(0, 64), limit: 8 }, signal })).suggestions;
}

export function SearchBox() {
  const { draft } = shop.now();
  const box = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const take = (event: { currentTarget: HTMLInputElement }) => {
    const files = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = "";
    if (files.length) void shop.addFiles(files);
  };
  return (
    <form class="search" role="search" action={`${shop.root}/`} onSubmit={(event) => { event.preventDefault(); void shop.submit(); }}>
      <div class="box">
        <Combobox<Suggestion> box={box} label={say().ask} listLabel={say().suggestions} value={draft} onValue={shop.type} propose={propose} class="sheet suggestions" listId="suggestions"
          input={{ id: "words", name: "q", type: "search", maxLength: 512, enterkeyhint: "search", placeholder: say().sample }}
          textOf={(one) => one.text} onChoose={(one) => void shop.follow(one)}
          draw={(one) => (
            <>
              <bdi>{one.kind === "category" ? named("category", one.text) : one.text}</bdi>
              <span class="soft small-text">{kindOf(one)}</span>
              <span class="count">{one.kind === "product" ? "" : number(one.count)}</span>
            </>
          )} />
        <input ref={file} type="file" accept="image/*" multiple hidden onChange={take} />
        <input ref={camera} type="file" accept="image/*" {...{ capture: "environment" }} hidden onChange={take} />
        <span class="touch"><IconButton icon="camera" label={say().camera} onClick={() => camera.current?.click()} /></span>
        <IconButton icon="image" label={say().pick} onClick={() => file.current?.click()} />
        <button type="submit" class="btn primary go" aria-label={say().search}><span>{say().search}</span><Icon name="search" /></button>
      </div>
    </form>
  );
}
