import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { describe, expect, test } from "vitest";
import { SendFailure } from "../../src/mail/transport.ts";
import { webhookTransport } from "../../src/mail/webhook.ts";

const secret = Buffer.from("Zm9yIHRlc3RzIG9ubHksIG5vdCBzZWNyZXQ=", "base64");
const now = 1_700_000_000_500;

/** A real receiver of webhooks. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: { readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      requests.push({ headers: request.headers, body });
      answer(request, response);
    });
  });
  const port = await listenLocally(server);
  return {
    url: `http://127.0.0.1:${port}/mail`,
    requests,
    [Symbol.asyncDispose]: () => closeNow(server),
  };
}

const mail = {
  id: "b94GMkJ4Arp6oV2GNVQ-_w",
  kind: "reset",
  recipient: "alice@example.com",
  subject: "Set a new password",
  text: "Open https://login.example.com/account/reset?link=lkl_x",
  html: "<p>…</p>",
} as const;

const transportTo = (url: string) =>
  webhookTransport({ url, secret, from: "login@example.com", clock: () => now });

const never = new AbortController().signal;

async function failureOf(url: string, signal = never): Promise<SendFailure> {
  const failure = await transportTo(url)
    .send(mail, signal)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (failure instanceof SendFailure) return failure;
  throw new Error("the mail was sent, or failed in another way", { cause: failure });
}

test("a mail is posted as JSON with a signature of Standard Webhooks", async () => {
  await using hook = await receiver((_request, response) => response.writeHead(204).end());
  expect(await transportTo(hook.url).send(mail, never)).toBe("the webhook answered 204");
  const [request] = hook.requests;
  const { kind, subject, text, html } = mail;
  expect(JSON.parse(request?.body ?? "")).toEqual({
    type: "mail",
    timestamp: "2023-11-14T22:13:20.500Z",
    data: { kind, to: "alice@example.com", from: "login@example.com", subject, text, html },
  });
  const {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signature,
  } = request?.headers ?? {};
  expect(id).toBe(mail.id);
  expect(timestamp).toBe("1700000000");
  const [version, mac = ""] = String(signature).split(",");
  const expected = createHmac("sha256", secret).update(`${id}.${timestamp}.${request?.body}`).digest();
  expect(version).toBe("v1");
  expect(timingSafeEqual(Buffer.from(mac, "base64"), expected)).toBe(true);
});

describe("an answer", () => {
  test.each([
    [400, true],
    [410, true],
    [413, true],
    [422, true],
    [401, false],
    [403, false],
    [404, false],
    [429, false],
    [500, false],
    [503, false],
  ])("of %d is final: %s", async (status, isFinal) => {
    await using hook = await receiver((_request, response) =>
      response.writeHead(status).end("alice@example.com"),
    );
    expect(await failureOf(hook.url)).toMatchObject({ isFinal, summary: `the webhook answered ${status}` });
  });

  test.each([301, 302, 307, 308])("of %d is never followed", async (status) => {
    await using other = await receiver((_request, response) => response.writeHead(200).end());
    await using hook = await receiver((_request, response) =>
      response.writeHead(status, { location: other.url }).end(),
    );
    expect((await failureOf(hook.url)).isFinal).toBe(false);
    expect(other.requests).toEqual([]);
  });

  test("that never comes ends with the caller's signal", async () => {
    const timeout = new AbortController();
    await using hook = await receiver(() => timeout.abort());
    expect(await failureOf(hook.url, timeout.signal)).toMatchObject({
      isFinal: false,
      summary: "the webhook did not answer",
    });
  });

  test("with a body that never ends counts by its status", async () => {
    await using hook = await receiver((_request, response) => {
      response.writeHead(200);
      response.write("x".repeat(1_000));
    });
    expect(await transportTo(hook.url).send(mail, never)).toBe("the webhook answered 200");
  });

  test("of a connection that breaks is worth another try", async () => {
    await using hook = await receiver((request) => request.socket.destroy());
    expect((await failureOf(hook.url)).isFinal).toBe(false);
  });
});
