// What the search starts from: photos with the things on them, the product that others shall be like, what was ruled out.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { pictureOf } from "~/api";
import { language } from "~/i18n";
import { Button, IconButton, Slider } from "~/kit";
import { CropDialog } from "./CropDialog";
import type { Crop, Photo, Seed } from "./query";
import * as shop from "./store";
import { say } from "./texts";

export const kindOf = (proposal: shop.Proposal): string => (language() === "zh" ? proposal.kind?.chinese : proposal.kind?.english) || say().thing;
export const placed = ([x0, y0, x1, y1]: Crop) => ({ left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` });
// Frames may cover one another; points in their middle can each be hit by a finger.
const middle = ([x0, y0, x1, y1]: Crop) => ({ left: `clamp(14px, ${(x0 + x1) * 50}%, 100% - 14px)`, top: `clamp(14px, ${(y0 + y1) * 50}%, 100% - 14px)` });
const same = (a: Crop | null, b: readonly number[]) => a !== null && a.every((value, n) => Math.abs(value - (b[n] ?? 0)) < 0.001);
const focusBox = () => document.getElementById("words")?.focus();

const area = ([x0 = 0, y0 = 0, x1 = 0, y1 = 0]: readonly number[]) => Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
const shared = (a: readonly number[], b: readonly number[]) => area([Math.max(a[0] ?? 0, b[0] ?? 0), Math.max(a[1] ?? 0, b[1] ?? 0), Math.min(a[2] ?? 0, b[2] ?? 0), Math.min(a[3] ?? 0, b[3] ?? 0)]) / Math.min(area(a), area(b));

/** The things worth framing: probably one, not all of the photo, and not the same thing again in another frame. */
export function worthwhile(proposals: readonly shop.Proposal[]): shop.Proposal[] {
  const out: shop.Proposal[] = [];
  for (const one of proposals) {
    if (one.confidence >= 0.25 && area(one.crop) < 0.85 && !out.some((other) => shared(one.crop, other.crop) > 0.5)) out.push(one);
  }
  return out.slice(0, 4).sort((a, b) => area(b.crop) - area(a.crop)); // the small ones lie above the large ones
}

/** The part of a photo that the service took by itself, as the whole was like nothing: it says so in a note. */
function takenPart(n: number): Crop | null {
  const note = shop.now().results?.answer.notes.find(({ code, values }) => code === "cropped" && (values as { photo?: number }).photo === n + 1);
  const numbers = String((note?.values as { crop?: string } | undefined)?.crop ?? "").split(",").map(Number);
  return numbers.length === 4 && numbers.every(Number.isFinite) ? (numbers as unknown as Crop) : null;
}

function Shown({ photo, n, onCrop }: { photo: Photo; n: number; onCrop: () => void }) {
  const own = photo.crop ? null : takenPart(n);
  const proposals = worthwhile(shop.now().proposals.get(photo.id) ?? []);
  return (
    <li class={photo.excluded ? "clue excluded" : "clue"}>
      <div class="photo" style={photo.width ? { aspectRatio: `${photo.width} / ${photo.height}` } : undefined}>
        <img src={photo.url} alt={photo.name} width={photo.width || 120} height={photo.height || 120} />
        {!photo.crop && proposals.map((one) => (
          <Fragment key={one.crop.join()}>
            <button type="button" class="thing" style={middle(one.crop as unknown as Crop)} title={say().part(kindOf(one))} aria-label={say().part(kindOf(one))}
              onClick={() => void shop.cropTo(photo, one.crop as unknown as Crop)} />
            <span class="thing-frame" style={placed(one.crop as unknown as Crop)} aria-hidden="true" />
          </Fragment>
        ))}
        {own && <span class="cut soft-cut" style={placed(own)} aria-hidden="true" />}
        {photo.crop && <span class="cut" style={placed(photo.crop)} aria-hidden="true" />}
      </div>
      <div class="tools">
        <IconButton small icon="crop" label={say().crop(photo.name)} aria-pressed={photo.crop !== null} onClick={onCrop} />
        <IconButton small icon="ban" label={say().exclude(photo.name)} aria-pressed={photo.excluded} onClick={() => void shop.exclude(photo, !photo.excluded)} />
        <IconButton small icon="close" label={say().remove(photo.name)} onClick={() => { void shop.dropPhoto(photo); focusBox(); }} />
      </div>
      {(photo.excluded || photo.crop) && (
        <span class="mark">{photo.excluded ? say().excluded : say().cropped}{photo.crop && !photo.excluded && proposals.some(({ crop }) => same(photo.crop, crop)) ? `: ${kindOf(proposals.find(({ crop }) => same(photo.crop, crop)) as shop.Proposal)}` : ""}</span>
      )}
    </li>
  );
}

function Product({ seed, without, onDrop }: { seed: Seed; without?: boolean; onDrop: () => void }) {
  return (
    <li class={without ? "clue excluded" : "clue"}>
      <div class="photo">
        {seed.picture
          ? <img src={pictureOf(shop.api, seed.picture, 256)} alt={seed.name} width="120" height="120" />
          : <span class="blank" role="img" aria-label={seed.name} />}
      </div>
      <div class="tools"><IconButton small icon="close" label={say().unlike(seed.name)} onClick={() => { onDrop(); focusBox(); }} /></div>
      {without && <span class="mark">{say().excluded}</span>}
    </li>
  );
}

const POINTS = 4;
const told = (value: number) => (value === 0 ? say().balanced : value < 0 ? say().towardsPhoto(-value) : say().towardsWords(value));

export function Clues() {
  const { query, proposals } = shop.now();
  const [cropping, setCropping] = useState<number | null>(null);
  const [balance, setBalance] = useState<number | null>(null);
  const { photos, like, unlike } = query;
  if (!photos.length && !like && !unlike.length) return null;
  const photo = photos.find(({ id }) => id === cropping);
  const advice = photos.flatMap((one) => one.advice.map((kind) => ({ kind, name: one.name })));
  const crowded = photos.find((one) => !one.crop && !one.excluded && worthwhile(proposals.get(one.id) ?? []).length > 1);
  return (
    <div class="clues" role="group" aria-label={say().clues}>
      <ul class="clue-list">
        {like && <Product seed={like} onDrop={() => void shop.ask({ ...query, like: null })} />}
        {photos.map((one, n) => <Shown key={one.id} photo={one} n={n} onCrop={() => setCropping(one.id)} />)}
        {unlike.map((seed) => <Product key={seed.id} seed={seed} without onDrop={() => void shop.ask({ ...query, unlike: unlike.filter(({ id }) => id !== seed.id) })} />)}
      </ul>
      <div class="clue-side">
        {query.words && (photos.length > 0 || like) && (
          <Slider label={say().balance} left={say().likePhoto} right={say().likeWords} min={-POINTS} max={POINTS} step={1} value={balance ?? query.balance} said={told(balance ?? query.balance)}
            onValue={setBalance} onDone={(value) => { setBalance(null); void shop.ask({ ...query, balance: value }); }} />
        )}
        {photos.length > 0 && <p class="soft small-text">{say().unshared}</p>}
        {advice.map(({ kind, name }) => <p key={kind + name} class="advice">{photos.length > 1 && <bdi>{name}: </bdi>}{say()[kind]}</p>)}
        {crowded && (
          <p class="advice">
            {say().crowded}{" "}
            {worthwhile(proposals.get(crowded.id) ?? []).slice(0, 3).map((one) => (
              <Button key={one.crop.join()} small kind="plain" aria-label={say().part(kindOf(one))} onClick={() => void shop.cropTo(crowded, one.crop as unknown as Crop)}>{kindOf(one)}</Button>
            ))}
          </p>
        )}
      </div>
      {photo && <CropDialog photo={photo} proposals={worthwhile(proposals.get(photo.id) ?? [])} onClose={() => setCropping(null)} onUse={(crop) => { setCropping(null); void shop.cropTo(photo, crop); }} />}
    </div>
  );
}
