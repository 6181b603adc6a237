import { longestClientId } from "../core/oauth/client.ts";

/** The rules for requests that every app of the server shares. */
export const requestRules = {
  /** In bytes. */
  bodyLimit: 16 * 1024,
  // An id in the path may be that of a client, which is a URL or a whole sealed description.
  routerOptions: { maxParamLength: longestClientId },
  // Answers are written as they are. Fastify loads its own serializer only if no other is given at the start.
  schemaController: { compilersFactory: { buildSerializer: () => () => JSON.stringify } },
};
