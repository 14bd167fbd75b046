// Asking the service. Addresses, fields and answers are typed by its OpenAPI document (schema.ts, made by `npm run api`).
import { common } from "~/i18n/common";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Method = "get" | "post" | "put" | "patch" | "delete";
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Answers<O> = O extends { responses: infer R } ? R : never;
type Json<R> = R extends { content: { "application/json": infer B } } ? B : never;
/** What an address answers when all is well. */
export type Reply<P extends keyof paths, M extends Method> = Json<Answers<Operation<P, M>>[keyof Answers<Operation<P, M>> & (200 | 201 | 202)]>;
type Given<O, In extends "query" | "path"> = O extends { parameters: infer A } ? (In extends keyof A ? NonNullable<A[In]> : never) : never;
type BodyOf<O> = O extends { requestBody?: infer B } ? (NonNullable<B> extends { content: { "application/json": infer J } } ? J : unknown) : unknown;

type Values<T> = [T] extends [never] ? Record<string, string | number | boolean | readonly string[] | undefined> : T;
export interface Asked<P extends keyof paths, M extends Method> {
  /** Values for the {names} in the address. */
  path?: Values<Given<Operation<P, M>, "path">>;
  query?: Partial<Values<Given<Operation<P, M>, "query">>>;
  /** JSON. */
  body?: BodyOf<Operation<P, M>>;
  /** In the place of a JSON body: a form with photos, or a file to import. */
  raw?: FormData | Blob | string;
  /** Of `raw` where that is no form. */
  type?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** An error as the service tells it (RFC 9457). `message` is for people: what is wrong and what to do next. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly hint = "", readonly where = "", readonly retryAfter: number | null = null) {
    super([detail, hint].filter(Boolean).join(" — "));
    this.name = "Problem";
  }
}

/** The request was given up on purpose: nobody wants to hear of it. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** A service and the key to ask it with, if any. */
export class Client {
  constructor(public base: string, public key: string | null = null) {}

  /** The whole address of a path of the service. */
  address(path: string, values: object = {}, query: object = {}): string {
    const filled = path.replace(/\{(\w+)(?::\w+)?\}/g, (_, name: string) => encodeURIComponent(String((values as Record<string, unknown>)[name])));
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null) asked.append(name, String(one));
    }
    const text = asked.toString();
    return this.base + filled + (text && `?${text}`);
  }

  /** The response itself, which is well; Problem otherwise. */
  async fetch(method: Method, address: string, { body, raw, type, headers, signal }: { body?: unknown; raw?: FormData | Blob | string; type?: string; headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Response> {
    const sent: Record<string, string> = { accept: "application/json", ...headers };
    if (this.key) sent.authorization = `Bearer ${this.key}`;
    if (raw === undefined && body !== undefined) sent["content-type"] = "application/json";
    else if (raw !== undefined && type) sent["content-type"] = type;
    let response: Response;
    try {
      response = await fetch(address, { method: method.toUpperCase(), headers: sent, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)), signal });
    } catch (error) {
      throw isAbort(error) ? error : new Problem(0, "unreachable", common().unreachable);
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async call<P extends keyof paths, M extends Method>(method: M, path: P, asked: Asked<P, M> = {}): Promise<Reply<P, M>> {
    const response = await this.fetch(method, this.address(path, asked.path ?? {}, asked.query ?? {}), asked);
    if (response.status === 204) return undefined as Reply<P, M>;
    try {
      return (await response.json()) as Reply<P, M>;
    } catch (error) {
      throw isAbort(error) ? error : new Problem(0, "unreachable", common().unreachable); // it broke off
    }
  }

  get<P extends PathsWith<"get">>(path: P, asked?: Asked<P, "get">) { return this.call("get", path, asked); }
  post<P extends PathsWith<"post">>(path: P, asked?: Asked<P, "post">) { return this.call("post", path, asked); }
  put<P extends PathsWith<"put">>(path: P, asked?: Asked<P, "put">) { return this.call("put", path, asked); }
  patch<P extends PathsWith<"patch">>(path: P, asked?: Asked<P, "patch">) { return this.call("patch", path, asked); }
  delete<P extends PathsWith<"delete">>(path: P, asked?: Asked<P, "delete">) { return this.call("delete", path, asked); }
}

async function problemOf(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get("retry-after"));
  const retry = Number.isFinite(wait) && wait > 0 ? wait : null;
  try {
    const told = (await response.json()) as Partial<Schemas["Problem"]>;
    if (told.detail) return new Problem(response.status, told.code ?? "", told.detail, told.hint, told.where, retry);
  } catch (error) { if (isAbort(error)) throw error; } // else: not ours; a proxy's page, say
  return new Problem(response.status, "", [response.status, response.statusText].filter(Boolean).join(" "), "", "", retry);
}

/** Where a picture of the catalogue is. */
export const pictureOf = (client: Client, hash: string, side: number): string => client.address("/v1/pictures/{picture}", { picture: hash }, { side });

/** The root of the service that gave this page: "" or "/shops/NAME"; the template writes it. */
export const rootOfPage = (): string => document.documentElement.dataset.root ?? "";
