import type { KeyAdministration } from "../../core/stories/key-administration.ts";
import { keyAnswer } from "./admin-answers.ts";
import type { KeyRotationRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";

/** The stories of signing keys. */
export interface KeyStories {
  readonly keys: KeyAdministration;
}

const answer = {
  description: "The signing keys",
  model: "AdminKeyList",
  example: {
    items: [
      {
        kid: "k1",
        state: "signs",
        alg: "ES256",
        created_at: "2026-01-01T09:00:00.000Z",
        activated_at: "2026-01-01T09:00:00.000Z",
        retired_at: null,
        keep_until: null,
      },
    ],
  },
} as const;

const listKeys = { id: "list_keys", summary: "List signing keys", powers: ["keys:read"], answer } as const;

const rotateKeys = {
  id: "rotate_keys",
  summary: "Rotate the signing keys",
  description: "The next key signs from now on. The earlier one verifies until its last token has expired.",
  powers: ["keys:write"],
  body: "AdminKeyRotationRequest",
  issue: { loc: ["body", "force"], msg: "Input should be a valid boolean", type: "bool_type" },
  answer,
  refusals: ["conflict", "rotation_too_early"],
} as const;

/** Serves the signing keys. */
export function keyRoutes({ app, callerOf }: AdminScope, { keys }: KeyStories): void {
  app.get(`${adminMount}/keys`, plain(listKeys), async (_request, reply) =>
    reply.send({ items: (await keys.list()).map(keyAnswer) }),
  );

  app.post<{ Body: KeyRotationRequest }>(
    `${adminMount}/keys/rotate`,
    withBody(rotateKeys),
    async (request, reply) => {
      const rotated = await keys.rotate(request.body.force ?? false, callerOf(request).by);
      return reply.send({ items: rotated.map(keyAnswer) });
    },
  );
}
