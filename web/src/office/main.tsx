// The back office: who has an admin key sees its pages.
import { render } from "preact";
import { useState } from "preact/hooks";
import { rootOfPage } from "~/api";
import { language, speak, useLanguage } from "~/i18n";
import { applyTheme, Button, TextField, Toasts } from "~/kit";
import "./office.css";
import { api, signIn } from "./session";
import { say } from "./texts";

function Login({ onIn }: { onIn: () => void }) {
  const [key, setKey] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    signIn(key.trim());
    try {
      await api.get("/v1/keys");
      onIn();
    } catch (problem) {
      signIn(null);
      setError(problem instanceof Error ? problem.message : say().refused);
    }
    setBusy(false);
  };
  return (
    <form class="login card stack" onSubmit={submit}>
      <h1>{say().title}</h1>
      <TextField label={say().key} hint={say().keyHint} error={error} value={key} onValue={setKey} type="password" autocomplete="off" required />
      <Button kind="primary" type="submit" busy={busy}>{say().signIn}</Button>
    </form>
  );
}

function Office() {
  useLanguage();
  const [inside, setInside] = useState(Boolean(api.key));
  const other = language() === "zh" ? "en" : "zh";
  return (
    <>
      <header class="top">
        <a class="brand" href={`${rootOfPage()}/office/`}>ShopLens</a>
        <a href={`${rootOfPage()}/`}>{say().shop}</a>
        <span class="gap" />
        <Button small lang={other} onClick={() => speak(other)}>{other === "en" ? "English" : "中文"}</Button>
        {inside && <Button small onClick={() => { signIn(null); setInside(false); }}>{say().signOut}</Button>}
      </header>
      <main class="page">{inside ? <h1>{say().overview}</h1> : <Login onIn={() => setInside(true)} />}</main>
      <Toasts />
    </>
  );
}

applyTheme();
document.documentElement.lang = language();
const root = document.getElementById("app");
if (root) { root.textContent = ""; render(<Office />, root); }
