import type { IncomingMessage } from "node:http";
import { BodyTooLong, collect } from "@latchkey/guard/bounded-body";
import { parseJson } from "@latchkey/guard/own-members";
import { freshFor } from "./freshness.ts";

/** The address or the answer of the host breaks a rule, so the URL is refused. The message is for the log. */
export class FetchRefused extends Error {}

/** The URL cannot be read now. The message is for the log. */
export class FetchFailed extends Error {}

/** A JSON text from the internet. */
export interface FetchedJson {
  readonly text: string;
  /** Objects without a prototype. */
  readonly json: unknown;
  /** Milliseconds for which it need not be read again. */
  readonly freshFor: number;
}

/** Twice what the draft of client documents recommends. */
const maxBytes = 10_240;

/**
 * Reads an answer.
 *
 * @throws {FetchRefused} if the answer is not a JSON document
 * @throws {FetchFailed} if the answer is an error, such as 403 for data centres
 */
export async function readAnswer(answer: IncomingMessage): Promise<FetchedJson> {
  assertJson(answer);
  try {
    const body = await collect(answer, maxBytes);
    return { ...parsed(body), freshFor: freshFor(answer.headers) };
  } catch (error) {
    throw error instanceof BodyTooLong ? new FetchRefused(error.message) : error;
  }
}

function parsed(body: Uint8Array<ArrayBuffer>): Pick<FetchedJson, "text" | "json"> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return { text, json: parseJson(text) };
  } catch {
    throw new FetchRefused("not JSON in UTF-8");
  }
}

function assertJson({ statusCode = 0, headers }: IncomingMessage): void {
  if ([404, 410].includes(statusCode) || (statusCode >= 300 && statusCode < 400)) {
    throw new FetchRefused(`status ${statusCode}`);
  }
  if (statusCode !== 200) throw new FetchFailed(`status ${statusCode}`);
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
    throw new FetchRefused("not a JSON document");
  }
  if (headers["content-encoding"] !== undefined) throw new FetchRefused("compressed");
}
