// The shop window: head, what the search starts from, filters beside the results, or one product; foot.
import { useEffect, useState } from "preact/hooks";
import { pictureOf } from "~/api";
import { language, speak, useLanguage } from "~/i18n";
import { common } from "~/i18n/common";
import { Button, Dialog, Icon, Menu, setTheme, theme, Toasts } from "~/kit";
import { Clues } from "./Clues";
import { Filters } from "./Filters";
import { listen } from "./photos";
import { openHere } from "./ProductCard";
import { ProductPage } from "./ProductPage";
import { NOTHING } from "./query";
import { forget, viewed } from "./recent";
import { Bar, Results } from "./Results";
import { SearchBox } from "./SearchBox";
import * as shop from "./store";
import { say } from "./texts";

function Head() {
  const other = language() === "zh" ? "en" : "zh";
  const [, redraw] = useState(0);
  const choose = (to: "auto" | "light" | "dark") => { setTheme(to); redraw((n) => n + 1); };
  return (
    <header class="head">
      <a class="brand" href={`${shop.root}/`} onClick={(event) => { if (event.ctrlKey || event.metaKey || event.button) return; event.preventDefault(); scrollTo({ top: 0 }); void shop.ask(NOTHING); }}>ShopLens</a>
      <SearchBox />
      <Button small class="language" lang={other} onClick={() => speak(other)}>{other === "en" ? "English" : "中文"}</Button>
      <Menu end label={common().theme} class="btn icon" items={(["auto", "light", "dark"] as const).map((one) => ({ label: common()[one], checked: theme() === one, run: () => choose(one) }))}>
        <Icon name="moon" />
      </Menu>
    </header>
  );
}

function Recent({ without, onForget }: { without?: string; onForget: () => void }) {
  const found = viewed().filter(({ id }) => id !== without);
  if (!found.length) return null;
  return (
    <aside class="recent" aria-label={say().recent}>
      <div class="row spread"><h2>{say().recent}</h2><Button kind="plain" small onClick={() => { forget(); onForget(); }}>{say().forget}</Button></div>
      <ul>
        {found.map(({ id, name, picture }) => (
          <li key={id}>
            <a href={shop.productHref(id)} onClick={(event) => openHere(event, id)}>
              <span class="tile">{picture ? <img src={pictureOf(shop.api, picture, 128)} alt="" width="96" height="96" loading="lazy" decoding="async" /> : null}</span>
              <span class="name" dir="auto">{name}</span>
            </a>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Privacy({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={say().privacyTitle} onClose={onClose}>
      <div class="stack"><p>{say().privacyPhotos}</p><p>{say().privacyWords}</p><p>{say().privacyBrowser}</p></div>
    </Dialog>
  );
}

export function App() {
  useLanguage();
  const { view, query } = shop.useShop();
  const [open, setOpen] = useState(false);
  const [dropping, setDropping] = useState(false);
  const [telling, setTelling] = useState(false);
  const [, redraw] = useState(0);
  useEffect(() => listen((files) => void shop.addFiles(files), setDropping), []);
  // The row of photos comes above all else: the page is drawn anew with it, not pushed down.
  const clues = query.photos.length || query.like || query.unlike.length ? "clues" : "none";
  const product = view.kind === "product" ? view.id : undefined;
  return (
    <>
      {/* An address with # would be an entry of the history of its own. */}
      <a class="skip" href={product === undefined ? "#results" : "#content"} onClick={(event) => { event.preventDefault(); document.getElementById(product === undefined ? "results" : "content")?.focus(); }}>{say().skip}</a>
      <Head />
      {product === undefined
        ? (
          <main key={clues} id="content" class="window">
            <h1 class="sr">{say().ask}</h1>
            <div class="top"><Clues /><Bar open={open} onOpen={setOpen} /></div>
            <Filters open={open} />
            <Results />
          </main>
        )
        : <main id="content" tabIndex={-1}><ProductPage id={product} /></main>}
      <Recent without={product} onForget={() => redraw((n) => n + 1)} />
      <footer class="foot"><p>{say().privacy} <Button kind="plain" small onClick={() => setTelling(true)}>{say().privacyMore}</Button></p></footer>
      {dropping && <div class="dropping"><p>{say().drop}</p></div>}
      {telling && <Privacy onClose={() => setTelling(false)} />}
      <Toasts />
    </>
  );
}
