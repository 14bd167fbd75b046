// The shopper's photos: made small before they leave the device, and looked at for what would make them better.
import type { Advice, Photo } from "./query";

const SENT = 1024; // pixels of the longer side: the encoder reads no more, and metadata stays at home
const LOOKED_AT = 160;
let count = 0;

export async function taken(files: readonly File[], unnamed: string): Promise<Photo[]> {
  return Promise.all(files.map((file) => one(file, file.name || unnamed)));
}

async function one(file: File, name: string): Promise<Photo> {
  const photo: Photo = { id: ++count, blob: file, url: URL.createObjectURL(file), name, width: 0, height: 0, crop: null, excluded: false, advice: [] };
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const { width, height } = bitmap;
    const small = drawn(bitmap, SENT);
    const advice = adviceOf(drawn(bitmap, LOOKED_AT), Math.min(width, height));
    bitmap.close();
    const blob = await new Promise<Blob | null>((done) => small.toBlob(done, "image/jpeg", 0.9));
    return { ...photo, blob: blob ?? file, width, height, advice };
  } catch { return photo; } // not readable here: the server says what is wrong with it
}

function drawn(bitmap: ImageBitmap, side: number): HTMLCanvasElement {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: side === LOOKED_AT });
  if (!pen) throw new Error("no canvas");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function adviceOf(canvas: HTMLCanvasElement, side: number): Advice[] {
  const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: new Uint8ClampedArray() };
  const light = new Float32Array(data.length / 4);
  for (let n = 0; n < light.length; n++) light[n] = 0.299 * (data[4 * n] ?? 0) + 0.587 * (data[4 * n + 1] ?? 0) + 0.114 * (data[4 * n + 2] ?? 0);
  return qualityOf(light, canvas.width, side);
}

/**
 * What would make a photo better. `light`: grey values 0 to 255, row by row; `side`: the shorter side of the photo itself.
 * Blur is told by the variance of the Laplacian (Pech-Pacheco et al. 2000) beside the photo's own contrast: a plain thing on a plain
 * ground has few edges and is sharp.
 */
export function qualityOf(light: Float32Array, width: number, side: number): Advice[] {
  const height = light.length / width;
  const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
  const spread = light.reduce((sum, value) => sum + (value - mean) ** 2, 0) / light.length;
  const bright = light.reduce((n, value) => n + Number(value > 96), 0) / light.length;
  let edges = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      edges += (4 * (light[at] ?? 0) - (light[at - 1] ?? 0) - (light[at + 1] ?? 0) - (light[at - width] ?? 0) - (light[at + width] ?? 0)) ** 2;
    }
  }
  edges /= light.length;
  const out: Advice[] = [];
  if (side < 120) out.push("tiny");
  if (mean < 55 && bright < 0.08) out.push("dark");
  else if (mean > 205 && spread < 250 && spread > 4) out.push("bright");
  else if (spread > 120 && edges < 0.012 * spread) out.push("blurred");
  else if (spread < 30 && spread > 0.5) out.push("flat");
  return out;
}

/** Calls take(files) for every way in which a photo can come without a button: pasted or dropped. Returns how to stop. */
export function listen(take: (files: File[]) => void, cover: (shown: boolean) => void): () => void {
  const stop = new AbortController();
  const on = <K extends keyof WindowEventMap>(kind: K, run: (event: WindowEventMap[K]) => void) => addEventListener(kind, run, { signal: stop.signal });
  on("paste", (event) => {
    const clipboard = event.clipboardData;
    const files = [...(clipboard?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    // A table program puts a picture of the cells beside their text: the text is meant.
    if (!files.length || clipboard?.getData("text/plain")) return;
    event.preventDefault();
    take(files);
  });
  const dragsFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files");
  let timer = 0;
  // While a file hovers, dragover comes several times a second; a drag that ends elsewhere is not always told.
  const hover = (shown: boolean) => {
    cover(shown);
    clearTimeout(timer);
    if (shown) timer = window.setTimeout(() => hover(false), 1500);
  };
  on("dragleave", (event) => { if (!event.relatedTarget) hover(false); }); // it left the window, not a part of it
  for (const kind of ["dragenter", "dragover"] as const) on(kind, (event) => { if (dragsFile(event)) { event.preventDefault(); hover(true); } });
  on("drop", (event) => {
    if (!dragsFile(event)) return;
    event.preventDefault();
    hover(false);
    if (event.dataTransfer?.files.length) take([...event.dataTransfer.files]);
  });
  return () => { stop.abort(); clearTimeout(timer); };
}
