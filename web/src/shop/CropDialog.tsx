// Which part of a photo to search with: a frame that is drawn, moved and resized by pointer, by single presses, or by keys.
import { useRef, useState } from "preact/hooks";
import { Button, Dialog } from "~/kit";
import { kindOf, placed } from "./Clues";
import type { Crop, Photo } from "./query";
import type { Proposal } from "./store";
import { say } from "./texts";

const LEAST = 0.05; // a share of the photo's side
const clamp = (value: number, low = 0, high = 1) => Math.min(high, Math.max(low, value));
type Frame = [number, number, number, number];

const moved = ([x0, y0, x1, y1]: Crop, dx: number, dy: number): Frame => {
  const x = clamp(dx, -x0, 1 - x1), y = clamp(dy, -y0, 1 - y1);
  return [x0 + x, y0 + y, x1 + x, y1 + y];
};
const grown = ([x0, y0, x1, y1]: Crop, dx: number, dy: number): Frame => [x0, y0, clamp(x1 + dx, x0 + LEAST), clamp(y1 + dy, y0 + LEAST)];
const scaled = ([x0, y0, x1, y1]: Crop, by: number): Frame => {
  const w = clamp((x1 - x0) * by, LEAST) / 2, h = clamp((y1 - y0) * by, LEAST) / 2, x = (x0 + x1) / 2, y = (y0 + y1) / 2;
  return [clamp(x - w), clamp(y - h), clamp(x + w), clamp(y + h)];
};

export function CropDialog({ photo, proposals, onClose, onUse }: { photo: Photo; proposals: readonly Proposal[]; onClose: () => void; onUse: (crop: Crop | null) => void }) {
  const first = photo.crop ?? (proposals[0]?.crop as unknown as Crop | undefined) ?? [0.2, 0.2, 0.8, 0.8];
  const [drawn, setFrame] = useState<Crop | null>(null);
  const frame = drawn ?? first; // the best proposal may come while the photo is looked at
  const area = useRef<HTMLDivElement>(null);
  const drag = useRef<{ kind: "draw" | "move" | "size"; x: number; y: number; frame: Crop; far: boolean } | null>(null);

  const at = (event: PointerEvent): [number, number] => {
    const box = area.current?.getBoundingClientRect();
    return box ? [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)] : [0, 0];
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const [x, y] = at(event);
    const target = event.target as HTMLElement;
    const kind = target.classList.contains("corner") ? "size" : target.classList.contains("frame") ? "move" : "draw";
    drag.current = { kind, x, y, frame, far: false };
    area.current?.setPointerCapture(event.pointerId);
    area.current?.querySelector<HTMLElement>(".frame")?.focus({ preventScroll: true });
  };
  const move = (event: PointerEvent) => {
    const now = drag.current;
    if (!now) return;
    const [x, y] = at(event);
    if (Math.hypot(x - now.x, y - now.y) > 0.02) now.far = true;
    if (!now.far) return;
    if (now.kind === "move") setFrame(moved(now.frame, x - now.x, y - now.y));
    else if (now.kind === "size") setFrame(grown(now.frame, x - now.x, y - now.y));
    else setFrame([Math.min(now.x, x), Math.min(now.y, y), Math.max(now.x, x, Math.min(now.x, x) + LEAST), Math.max(now.y, y, Math.min(now.y, y) + LEAST)].map((value) => clamp(value)) as Frame);
  };
  const up = (event: PointerEvent) => {
    const now = drag.current;
    drag.current = null;
    if (!now || now.far || now.kind !== "draw") return;
    const [x, y] = at(event); // a press without a drag: the frame comes to the finger
    setFrame(moved(frame, x - (frame[0] + frame[2]) / 2, y - (frame[1] + frame[3]) / 2));
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0], ArrowUp: [0, -0.02], ArrowDown: [0, 0.02] }[event.key as "ArrowLeft"];
    if (!step) return;
    event.preventDefault();
    const [dx = 0, dy = 0] = step;
    setFrame(event.shiftKey ? grown(frame, dx, dy) : moved(frame, dx, dy));
  };
  const percent = frame.map((value) => Math.round(value * 100));
  return (
    <Dialog title={say().cropTitle} onClose={onClose} foot={(
      <>
        <Button onClick={() => onUse(null)}>{say().whole}</Button>
        <Button kind="primary" onClick={() => onUse(frame.map((value) => Math.round(value * 1e4) / 1e4) as Frame)}>{say().use}</Button>
      </>
    )}>
      <p class="soft small-text crop-help">{say().cropHelp}</p>
      <div class="crop-area" ref={area} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => { drag.current = null; }}>
        <img src={photo.url} alt={photo.name} draggable={false} width={photo.width || undefined} height={photo.height || undefined} />
        <div class="frame" tabIndex={0} role="application" aria-roledescription={say().frame} aria-label={`${say().frame}: ${percent[0]}–${percent[2]} × ${percent[1]}–${percent[3]} %`} style={placed(frame)} onKeyDown={keys}>
          <span class="corner" />
        </div>
      </div>
      <div class="row crop-tools">
        <Button small icon="minus" onClick={() => setFrame(scaled(frame, 0.85))}>{say().smaller}</Button>
        <Button small icon="plus" onClick={() => setFrame(scaled(frame, 1.18))}>{say().larger}</Button>
        {proposals.length > 0 && <span class="soft small-text">{say().proposed}:</span>}
        {proposals.map((one) => <Button small key={one.crop.join()} onClick={() => setFrame(one.crop as unknown as Crop)}>{kindOf(one)}</Button>)}
      </div>
    </Dialog>
  );
}
