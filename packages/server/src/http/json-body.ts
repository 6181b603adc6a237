import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Takes every body as bytes, whatever it claims to be, so that operations which need none can ignore it.
 */
export function takeBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

/** For operations that need no body: what it claims to be is no reason to refuse them. */
export function forgetContentType(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  delete request.raw.headers["content-type"];
  done();
}

/** Reads the bytes as JSON. @throws {LatchkeyError} `bad_request` where they are not */
export async function readJson(request: FastifyRequest): Promise<void> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json" && !/^application\/[\w.+-]+\+json$/.test(type ?? "")) {
    throw new LatchkeyError("bad_request", { reason: "content type" });
  }
  request.body = parse(request.body);
}

function parse(body: unknown): unknown {
  if (!(body instanceof Uint8Array)) throw new LatchkeyError("bad_request", { reason: "no body" });
  try {
    const parsed: unknown = JSON.parse(utf8.decode(body));
    // A member that every object of the process has was not sent.
    return isObject(parsed) ? Object.setPrototypeOf(parsed, null) : parsed;
  } catch {
    // What the parser says quotes the body, so it is not kept.
    throw new LatchkeyError("bad_request", { reason: "not JSON" });
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
