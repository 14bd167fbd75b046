// The three addresses that the widget asks, from a page of another origin. No cookie is sent, nothing is kept.
import type { components } from "~/api/schema";

type Schemas = components["schemas"];
export type Hit = Schemas["Hit"];
export type Suggestion = Schemas["Suggestion"];
export type Answer = Pick<Schemas["Answer"], "hits" | "found" | "verdict" | "next_cursor" | "query_id" | "did_you_mean">;

/** Why there is no answer: `status` 0 where nothing was reached. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly hint = "", readonly retryAfter = 0) {
    super([detail, hint].filter(Boolean).join(" — "));
  }
}

export interface Question {
  q: string;
  photo: Blob | null;
  perPage: number;
  cursor: string;
}

export class Asking {
  constructor(readonly endpoint: string, private readonly key: string) {}

  /** POST, whatever is asked: browsers ask beforehand whether they may, once an address, and this one stays the same. */
  search({ q, photo, perPage, cursor }: Question, signal: AbortSignal): Promise<Answer> {
    const fields = { q, per_page: perPage, ...(cursor && { cursor }), ...(photo && { images: [{ multipart: "photo" }] }) };
    let body: FormData | string = JSON.stringify(fields);
    if (photo) {
      const form = new FormData();
      form.append("json", body);
      form.append("photo", photo, "photo.jpg");
      body = form;
    }
    return this.ask("/v1/search", { method: "POST", body, signal }, photo ? {} : { "content-type": "application/json" });
  }

  async suggest(text: string, signal: AbortSignal): Promise<readonly Suggestion[]> {
    const found = await this.ask<Schemas["Suggestions"]>(`/v1/suggest?${new URLSearchParams({ q: text, limit: "6" }).toString()}`, { signal }, {});
    return found.suggestions;
  }

  picture(hash: string, side: number): string {
    return `${this.endpoint}/v1/pictures/${encodeURIComponent(hash)}?side=${side}`;
  }

  private async ask<T>(path: string, given: RequestInit, headers: Record<string, string>): Promise<T> {
    let response: Response;
    try {
      response = await fetch(this.endpoint + path, {
        ...given, mode: "cors", credentials: "omit", referrerPolicy: "origin",
        headers: { accept: "application/json", ...headers, ...(this.key && { "x-api-key": this.key }) },
      });
      if (response.ok) return (await response.json()) as T;
    } catch (error) {
      throw given.signal?.aborted ? error : new Refusal(0, "unreachable", String(error));
    }
    const told = (await response.json().catch(() => ({}))) as Partial<Schemas["Problem"]>;
    const wait = Number(response.headers.get("retry-after"));
    throw new Refusal(response.status, told.code ?? "", told.detail ?? response.statusText, told.hint, wait > 0 ? wait : 0);
  }
}
