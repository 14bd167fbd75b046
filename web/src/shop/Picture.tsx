// A picture of the catalogue that comes in two steps: a small one at once, the sharp one over it. Its place is kept from the start.
import { useEffect, useRef, useState } from "preact/hooks";
import { pictureOf } from "~/api";
import { api } from "./store";
import { say } from "./texts";

const SIDES = [256, 480, 640] as const;

export function Picture({ hash, alt, sizes, eager }: { hash: string; alt: string; sizes: string; eager?: boolean }) {
  const [state, setState] = useState<"coming" | "here" | "missing">("coming");
  const sharp = useRef<HTMLImageElement>(null);
  useEffect(() => {
    setState(sharp.current?.complete && sharp.current.naturalWidth ? "here" : "coming");
  }, [hash]);
  if (!hash || state === "missing") return <span class="no-picture">{say().picture}</span>;
  const lazy = eager ? "eager" : "lazy";
  return (
    <>
      {state === "coming" && <img class="small" src={pictureOf(api, hash, 64)} alt="" width="480" height="480" loading={lazy} decoding="async" aria-hidden="true" />}
      <img ref={sharp} class={state === "here" ? "sharp here" : "sharp"} src={pictureOf(api, hash, 480)} srcset={SIDES.map((side) => `${pictureOf(api, hash, side)} ${side}w`).join(", ")} sizes={sizes}
        alt={alt} width="480" height="480" loading={lazy} decoding="async" onLoad={() => setState("here")} onError={() => setState("missing")} />
    </>
  );
}
