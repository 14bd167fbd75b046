// The shopper's photos: taken by drop, paste or file chooser, and made small before they leave the device.
import { byId, element } from "./dom.js";
import { say } from "./words.js";

export const MOST = 8;

// A phone's photo of 12 megapixels is sent as one of 1: the encoder reads no more, and metadata stays at home.
async function shrink(file, side = 1024) {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const size = (length) => Math.max(1, Math.round(length * scale));
    const canvas = element("canvas", { width: size(bitmap.width), height: size(bitmap.height) });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await new Promise((done) => canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.9));
  } catch { return file; } // not readable here: the server says what is wrong with it
}

export const taken = (files) => Promise.all([...files].slice(0, MOST).map(async (file) => (
  { blob: await shrink(file), url: URL.createObjectURL(file), name: file.name || say("photo") })));

// Calls take(files) for every way in which a photo can come.
export function listen(take) {
  byId("pick").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", (event) => { take([...event.target.files]); event.target.value = ""; });
  addEventListener("paste", (event) => {
    const clipboard = event.clipboardData;
    const files = [...(clipboard?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    // A table program puts a picture of the cells beside their text: the text is meant.
    if (!files.length || clipboard.getData("text/plain")) return;
    event.preventDefault();
    take(files);
  });
  const dragsFile = (event) => event.dataTransfer?.types.includes("Files");
  let timer = 0;
  // While a file hovers, dragover comes several times a second; a drag that ends elsewhere is not always told.
  const cover = (shown) => {
    byId("drop").hidden = !shown;
    clearTimeout(timer);
    if (shown) timer = setTimeout(() => cover(false), 1500);
  };
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) cover(false); }); // it left the window, not a part of it
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (event) => { if (dragsFile(event)) { event.preventDefault(); cover(true); } });
  }
  addEventListener("drop", (event) => {
    if (!dragsFile(event)) return;
    event.preventDefault();
    cover(false);
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  });
}
