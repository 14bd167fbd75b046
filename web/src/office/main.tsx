// The back office: who has an admin key sees its pages.
import { render, type FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, rootOfPage } from "~/api";
import { language, speak, useLanguage } from "~/i18n";
import { common } from "~/i18n/common";
import { applyTheme, Button, Icon, Menu, setTheme, Spinner, TextField, theme, toast, Toasts, type Theme } from "~/kit";
import { Catalogue } from "./Catalogue";
import { Encoders } from "./Encoders";
import { Keys } from "./Keys";
import { Lab } from "./Lab";
import "./office.css";
import { Overview } from "./Overview";
import { Failure, Heading, Link } from "./parts";
import { Queries } from "./Queries";
import { Rules } from "./Rules";
import { usePlace } from "./route";
import { api, signIn, whenLost } from "./session";
import { say } from "./texts";

const PAGES: readonly { page: string; name: keyof typeof NAMES; draw: FunctionComponent }[] = [
  { page: "", name: "overview", draw: Overview },
  { page: "catalogue", name: "catalogue", draw: Catalogue },
  { page: "lab", name: "lab", draw: Lab },
  { page: "rules", name: "rules", draw: Rules },
  { page: "queries", name: "queries", draw: Queries },
  { page: "encoders", name: "encoders", draw: Encoders },
  { page: "keys", name: "keys", draw: Keys },
];
const NAMES = { overview: 0, catalogue: 0, lab: 0, rules: 0, queries: 0, encoders: 0, keys: 0 };

function Login({ told, onIn }: { told: string; onIn: () => void }) {
  const [key, setKey] = useState("");
  const [error, setError] = useState(told);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!/^[\x21-\x7e]+$/.test(key.trim())) { setError(say().refused); return; } // no header can hold it
    setBusy(true);
    signIn(key.trim());
    try {
      await api.get("/v1/overview", { query: { minutes: 1 } });
      onIn();
    } catch (problem) {
      signIn(null);
      setError(problem instanceof Problem && problem.status !== 403 ? problem.message : say().refused);
      setBusy(false);
    }
  };
  return (
    <form class="login card stack" onSubmit={(event) => void submit(event)}>
      <h1>{say().title}</h1>
      <TextField label={say().key} hint={say().keyHint} error={error} value={key} onValue={setKey} type="password" autocomplete="off" required />
      <Button kind="primary" type="submit" busy={busy}>{say().signIn}</Button>
    </form>
  );
}

function Pages() {
  const { page } = usePlace();
  const found = PAGES.find((one) => one.page === page);
  const bar = useRef<HTMLElement>(null);
  useEffect(() => { // on a phone the bar is longer than the screen: the page that is open stays in sight
    const here = bar.current?.querySelector<HTMLElement>("[aria-current]");
    if (here) bar.current?.scrollTo({ left: here.offsetLeft - bar.current.offsetLeft - (bar.current.clientWidth - here.offsetWidth) / 2 });
  }, [page]);
  return (
    <div class="office">
      <nav ref={bar} class="pages" aria-label={say().pages}>
        {PAGES.map((one) => <Link key={one.page} page={one.page} aria-current={one === found ? "page" : undefined}>{say()[one.name]}</Link>)}
      </nav>
      <main class="page stack" id="content">{found ? <found.draw /> : <Heading>{say().noPage}</Heading>}</main>
    </div>
  );
}

type State = "asking" | "in" | "out" | Error;

function Office() {
  useLanguage();
  const [state, setState] = useState<State>("asking");
  const [told, setTold] = useState("");
  const out = (why: string) => { signIn(null); setTold(why); setState("out"); };
  // A shop that asks for no keys lets anybody in; else the key of this tab is tried.
  const enter = () => {
    setState("asking");
    api.get("/v1/overview", { query: { minutes: 1 } }).then(
      () => setState("in"),
      (problem: unknown) => {
        if (problem instanceof Problem && [401, 403].includes(problem.status)) out(api.key ? problem.message : "");
        else setState(problem instanceof Error ? problem : new Error(String(problem)));
      },
    );
  };
  // Where the page says that keys are asked for, and there is none, nothing has to be tried.
  useEffect(() => { if (api.key || document.documentElement.dataset.keys === "off") enter(); else out(""); }, []);
  useEffect(() => {
    whenLost((problem) => { if (state === "in") { toast(say().signedOut); out(problem.detail); } });
  }, [state]);
  useEffect(() => { if (state === "out") document.title = `${say().title} · ShopLens`; }, [state]);
  const other = language() === "zh" ? "en" : "zh";
  const themes: readonly Theme[] = ["auto", "light", "dark"];
  return (
    <>
      <a class="skip" href="#content">{say().skip}</a>
      <header class="top">
        <Link page="" class="brand">ShopLens</Link>
        <span class="soft wide-only">{say().title}</span>
        <span class="gap" />
        <a class="btn plain small wide-only" href={`${rootOfPage()}/`}>{say().toShop}</a>
        <Menu end label={common().theme} class="btn icon small" items={themes.map((one) => ({ label: common()[one], checked: theme() === one, run: () => setTheme(one) }))}><Icon name="sun" /></Menu>
        <Button small lang={other} onClick={() => speak(other)}>{other === "en" ? "English" : "中文"}</Button>
        {state === "in" && api.key && <Button small onClick={() => out("")}>{say().signOut}</Button>}
      </header>
      {state === "in" ? <Pages /> : (
        <main class="page" id="content">
          {state === "asking" ? <p class="waiting"><Spinner label={say().loading} /></p>
            : state === "out" ? <Login key={told} told={told} onIn={() => { setTold(""); setState("in"); }} />
              : <Failure problem={state} onAgain={enter} />}
        </main>
      )}
      <Toasts />
    </>
  );
}

applyTheme();
document.documentElement.lang = language();
const root = document.getElementById("app");
if (root) { root.textContent = ""; render(<Office />, root); }
