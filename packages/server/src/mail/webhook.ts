import { createHmac } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { SendFailure, type Transport } from "./transport.ts";

/** The parts of the way by a webhook. */
export interface WebhookParts {
  readonly url: string;
  readonly secret: Buffer;
  readonly from: string | undefined;
  readonly clock: Clock;
}

/** Longest wait for the answer, in milliseconds. */
const answerTimeout = 15_000;

/** Answers about this one mail. Any other failure may be over at the next try. */
const finalAnswers: readonly number[] = [400, 410, 413, 422];

/** Posts mails as JSON to an address of the operator, signed as Standard Webhooks say. */
export function webhookTransport({ url, secret, from, clock }: WebhookParts): Transport {
  return {
    async send({ id, kind, recipient, subject, text, html }, signal) {
      const body = JSON.stringify({
        type: "mail",
        timestamp: new Date(clock()).toISOString(),
        data: { kind, to: recipient, ...(from !== undefined && { from }), subject, text, html },
      });
      const timestamp = String(Math.floor(clock() / 1000));
      const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
      const response = await fetch(url, {
        method: "POST",
        // A redirect could lead the links to another host.
        redirect: "manual",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`,
        },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeout)]),
      }).catch((error: unknown) => {
        throw unanswered(error);
      });
      // The status alone counts, so the body is never read.
      await response.body?.cancel();
      const { status } = response;
      const answer = `the webhook answered ${status}`;
      if (response.ok) return answer;
      throw new SendFailure(answer, { isFinal: finalAnswers.includes(status), summary: answer });
    },
  };
}

function unanswered(error: unknown): SendFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SendFailure(`no answer of the webhook: ${message}`, {
    isFinal: false,
    summary: "the webhook did not answer",
    cause: error,
  });
}
