// A shopper's photo, made small before it leaves the device: the encoder reads no more, and metadata stays at home.
const SENT = 1024; // pixels of the longer side

export interface Photo {
  blob: Blob;
  url: string;
}

/** The photo as it is sent; null for a file that this browser cannot read as one. */
export async function taken(file: Blob): Promise<Photo | null> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SENT / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const pen = canvas.getContext("2d");
    if (!pen) return null;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    return blob && { blob, url: URL.createObjectURL(blob) };
  } catch { return null; }
}

/** The first picture of what was pasted or dropped. */
export function pictureIn(data: DataTransfer | null): File | null {
  return [...(data?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}
