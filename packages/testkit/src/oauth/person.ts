import { until } from "../until.ts";
import { readPage, type ShownButton, type ShownPage } from "./shown-page.ts";

/** Milliseconds until a client listens. Some open the browser first, because a person types for seconds. */
const listenTimeout = 60_000;

/** A page with the status of its answer. */
export interface AnsweredPage extends ShownPage {
  readonly status: number;
}

/** A person with a browser that runs no scripts, at the pages of the authorization server. */
export class Person {
  readonly username: string;
  readonly #password: string;

  constructor(username: string, password: string) {
    this.username = username;
    this.#password = password;
  }

  /** Opens an address. @throws if the answer is not a page */
  async look(address: string): Promise<AnsweredPage> {
    return shown(await fetch(address, { headers: { accept: "text/html" }, redirect: "manual" }), address);
  }

  /**
   * Opens an authorization request, signs in and allows it with the first button, and goes on to the client.
   *
   * @returns the address with the authorization response, after the client has answered there
   */
  async allow(address: string): Promise<string> {
    const page = await this.look(address);
    return visited(await this.press(page.buttons.at(0), page, address));
  }

  /** Opens an authorization request, denies it with the last button, and goes on to the client. */
  async deny(address: string): Promise<string> {
    const page = await this.look(address);
    return visited(await this.press(page.buttons.at(-1), page, address));
  }

  /** Fills in the form of a button and presses it. @param address of the page */
  async press(button: ShownButton | undefined, page: AnsweredPage, address: string): Promise<AnsweredPage> {
    if (button === undefined) throw new Error(`no button at ${address}: ${page.status} ${page.text}`);
    const { action, fields, username, password } = button.form;
    const sent = new URLSearchParams([...fields]);
    if (username !== undefined) sent.set(username, this.username);
    if (password !== undefined) sent.set(password, this.#password);
    if (button.name !== "") sent.set(button.name, button.value);
    const origin = new URL(address).origin;
    const answer = await fetch(action, {
      method: "POST",
      headers: { accept: "text/html", origin, "sec-fetch-site": "same-origin" },
      body: sent,
      redirect: "manual",
    });
    return shown(answer, action);
  }
}

/** Follows an onward page, as soon as the client listens. @returns the client's address */
async function visited({ onward, status, text }: AnsweredPage): Promise<string> {
  if (onward === undefined) throw new Error(`the form leads nowhere: ${status} ${text}`);
  const answers: Response[] = [];
  async function answered(): Promise<boolean> {
    const answer = await fetch(onward ?? "").catch(() => undefined);
    if (answer !== undefined) answers.push(answer);
    return answer !== undefined;
  }
  await until("the client listens", answered, listenTimeout);
  for (const answer of answers) {
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the client answers ${answer.status} to its authorization response`);
  }
  return onward;
}

async function shown(answer: Response, address: string): Promise<AnsweredPage> {
  const type = answer.headers.get("content-type");
  const text = await answer.text();
  if (!type?.startsWith("text/html"))
    throw new Error(`no page at ${address}: ${answer.status} ${type} ${text}`);
  const page = readPage(text, address);
  if (page.faults.length > 0) throw new Error(`faulty page at ${address}: ${page.faults.join(", ")}`);
  return { status: answer.status, ...page };
}
