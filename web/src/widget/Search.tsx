// The box, the photo, the answer.
import type { TargetedDragEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Combobox } from "~/kit/Combobox";
import { Icon } from "~/kit/Icon";
import { type Answer, type Asking, type Hit, Refusal, type Suggestion } from "./asking";
import { Card } from "./Card";
import { type Photo, pictureIn, taken } from "./photo";
import { type Language, textsOf, told } from "./texts";

const SIDE = 480; // pixels of a picture that is asked for

export interface SearchProps {
  asking: Asking;
  language: Language;
  perPage: number;
  placeholder: string;
  /** Sends an event `shoplens:NAME`; false where a listener prevented what follows by itself. */
  tell: (name: string, detail: object) => boolean;
}

export function Search({ asking, language, perPage, placeholder, tell }: SearchProps) {
  const say = textsOf(language);
  const [words, setWords] = useState("");
  const [photo, setPhoto] = useState<Photo | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [noPhoto, setNoPhoto] = useState(false);
  const [over, setOver] = useState(false);
  const running = useRef<AbortController | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLInputElement>(null);
  const url = photo?.url;
  useEffect(() => () => { if (url) URL.revokeObjectURL(url); }, [url]);
  useEffect(() => () => running.current?.abort(), []);

  const search = async (q: string, with_: Photo | null, more = false) => {
    running.current?.abort();
    setNoPhoto(false);
    setRefusal(null);
    if (!q.trim() && !with_) { setAnswer(null); setBusy(false); return; }
    const { signal } = (running.current = new AbortController());
    setBusy(true);
    try {
      const found = await asking.search({ q: q.trim(), photo: with_?.blob ?? null, perPage, cursor: more ? answer?.next_cursor ?? "" : "" }, signal);
      if (signal.aborted) return;
      setAnswer(more && answer ? { ...found, hits: [...answer.hits, ...found.hits] } : found);
      if (!more) tell("search", { q: q.trim(), photo: Boolean(with_), found: found.found, verdict: found.verdict, queryId: found.query_id });
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof Refusal ? error : new Refusal(0, "fault", String(error));
      console.warn(`shoplens-search: ${why.status} ${why.code}: ${why.message}`);
      tell("error", { status: why.status, code: why.code, detail: why.detail, hint: why.hint });
      if (!more) setAnswer(null);
      setRefusal(why);
    }
    setBusy(false);
  };

  const take = async (given: File | null | undefined) => {
    if (!given) return;
    const small = await taken(given);
    if (!small) { setNoPhoto(true); return; }
    setPhoto(small);
    void search(words, small);
  };
  const drop = () => { setPhoto(null); void search(words, null); box.current?.focus(); };
  const open = (hit: Hit, address: string | undefined) =>
    tell("open", { product: hit.product, variantId: hit.variant_id, position: hit.position, queryId: answer?.query_id ?? "",
      picture: hit.picture && asking.picture(hit.picture, SIDE), address: address ?? null });

  const dragged = (shown: boolean) => (event: TargetedDragEvent<HTMLElement>) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setOver(shown);
  };
  const status = refusal ? told(refusal, say) : noPhoto ? say.noPhoto : busy && !answer ? say.searching
    : !answer ? "" : answer.hits.length ? say.found(answer.found) : say.none;
  return (
    <div class={over ? "all over" : "all"} part="all" onDragEnter={dragged(true)} onDragOver={dragged(true)}
      onDragLeave={(event) => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false); }}
      onDrop={(event) => { dragged(false)(event); void take(pictureIn(event.dataTransfer)); }}>
      <form class="box" part="box" role="search" onSubmit={(event) => { event.preventDefault(); void search(words, photo); }}
        onPaste={(event) => {
          const pasted = pictureIn(event.clipboardData);
          // A table program puts a picture of the cells beside their text: the text is meant.
          if (!pasted || event.clipboardData?.getData("text/plain")) return;
          event.preventDefault();
          void take(pasted);
        }}>
        {photo && (
          <span class="photo">
            <img src={photo.url} alt={say.photo} title={say.privacy} width="40" height="40" />
            <button type="button" class="icon" aria-label={say.remove} onClick={drop}><Icon name="close" /></button>
          </span>
        )}
        <Combobox<Suggestion> label={say.ask} listLabel={say.suggestions} value={words} onValue={setWords} box={box}
          propose={(text, signal) => asking.suggest(text, signal)} textOf={(one) => one.text} draw={(one) => <bdi>{one.text}</bdi>}
          onChoose={(one) => { setWords(one.text); void search(one.text, photo); }}
          input={{ type: "search", class: "words", placeholder: placeholder || say.ask, maxLength: 512, enterkeyhint: "search" }} />
        <input ref={file} type="file" accept="image/*" hidden
          onChange={(event) => { void take(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
        <button type="button" class="icon" aria-label={say.photo} title={say.photo} onClick={() => file.current?.click()}><Icon name="camera" /></button>
        <button type="submit" class="go" part="button" aria-label={say.search}><Icon name="search" /></button>
      </form>
      <div class="line">
        <p role="status" class={refusal || noPhoto ? "wrong" : ""} part="status">{status}</p>
        {refusal && <button type="button" class="quiet" onClick={() => void search(words, photo)}>{say.again}</button>}
        {answer?.did_you_mean && !refusal && (
          <button type="button" class="quiet" onClick={() => { setWords(answer.did_you_mean); void search(answer.did_you_mean, photo); }}>{say.meant(answer.did_you_mean)}</button>
        )}
      </div>
      {answer && answer.hits.length > 0 && (
        <section aria-label={say.results} aria-busy={busy}>
          <ul class="hits" part="grid">
            {answer.hits.map((hit) => (
              <Card key={`${hit.product.id} ${hit.variant_id}`} hit={hit} picture={hit.picture && asking.picture(hit.picture, SIDE)} language={language} say={say} open={open} />
            ))}
          </ul>
          {answer.next_cursor && answer.hits.length < answer.found && (
            <button type="button" class="quiet more" disabled={busy} onClick={() => void search(words, photo, true)}>{say.more}</button>
          )}
        </section>
      )}
      {photo && <p class="note">{say.privacy}</p>}
      {over && <p class="drop" aria-hidden="true">{say.drop}</p>}
    </div>
  );
}
