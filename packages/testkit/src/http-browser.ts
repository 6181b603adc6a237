/** A page in an `HttpBrowser`. */
export interface BrowserPage {
  readonly address: string;
  /** 0 for an address that the browser did not load. */
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The addresses on the way to this page, this one included. */
  readonly visited: readonly string[];
}

/**
 * A browser without scripts and pictures: it keeps cookies by host name, follows redirects and instant refreshes, and
 * submits forms. It reads markup by patterns, which is enough for the pages of the tests.
 */
export class HttpBrowser {
  readonly #jar = new Map<string, Map<string, string>>();
  readonly #stopsAt: string;

  /** @param stopsAt the beginning of addresses that it does not load, such as a callback without a server */
  constructor(stopsAt: string) {
    this.#stopsAt = stopsAt;
  }

  /** Loads an address, and goes on as far as pages lead. */
  async open(address: string, visited: readonly string[] = []): Promise<BrowserPage> {
    return this.#send(address, { method: "GET" }, visited);
  }

  /**
   * Fills in the first form of a page that has all of these fields, and submits it.
   *
   * @param values replace those of the page
   */
  async submit(page: BrowserPage, values: Readonly<Record<string, string>>): Promise<BrowserPage> {
    const form = [...page.text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)]
      .map(([, head = "", content = ""]) => ({
        action: attributeOf(head, "action"),
        fields: fieldsOf(content),
      }))
      .find(({ fields }) => Object.keys(values).every((name) => fields.has(name)));
    if (form === undefined) {
      throw new Error(`no form with ${Object.keys(values)} at ${page.address}: ${page.status} ${page.text}`);
    }
    for (const [name, value] of Object.entries(values)) form.fields.set(name, value);
    const action = new URL(form.action ?? page.address, page.address);
    return this.#send(action.href, {
      method: "POST",
      headers: { origin: new URL(page.address).origin, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams([...form.fields]).toString(),
    });
  }

  /** The cookies of a host name. */
  cookies(host = "127.0.0.1"): Map<string, string> {
    const known = this.#jar.get(host) ?? new Map<string, string>();
    this.#jar.set(host, known);
    return known;
  }

  async #send(address: string, init: RequestInit, before: readonly string[] = []): Promise<BrowserPage> {
    const visited = [...before, address];
    if (visited.length > 20) throw new Error(`no end of redirects: ${visited.join("\n")}`);
    if (address.startsWith(this.#stopsAt)) {
      return { address, status: 0, text: "", headers: new Headers(), visited };
    }
    const { hostname } = new URL(address);
    const cookie = [...this.cookies(hostname)].map((pair) => pair.join("=")).join("; ");
    const headers = { accept: "text/html", ...init.headers, ...(cookie !== "" && { cookie }) };
    const answer = await fetch(address, { ...init, headers, redirect: "manual" });
    this.#keep(hostname, answer.headers.getSetCookie());
    const text = await answer.text();
    const next = answer.headers.get("location") ?? refreshOf(text);
    if (next !== undefined) return this.open(new URL(next, address).href, visited);
    return { address, status: answer.status, text, headers: answer.headers, visited };
  }

  #keep(host: string, fields: readonly string[]): void {
    const cookies = this.cookies(host);
    for (const field of fields) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(field) ?? [];
      if (value === "" || /max-age=0/i.test(field)) cookies.delete(name);
      else cookies.set(name, value);
    }
  }
}

function fieldsOf(form: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [input] of form.matchAll(/<input\b[^>]*>/gs)) {
    const name = attributeOf(input, "name");
    if (name !== undefined) fields.set(name, attributeOf(input, "value") ?? "");
  }
  return fields;
}

/** The target of an instant refresh. */
function refreshOf(page: string): string | undefined {
  return attributeOf(/<meta http-equiv="refresh"[^>]*>/.exec(page)?.[0] ?? "", "content")?.replace(
    /^0;url=/,
    "",
  );
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value
    ?.replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&");
}
