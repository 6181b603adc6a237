import { longestClientId } from "../core/oauth/client.ts";

/** The rules for requests that every app of the server shares. */
export const requestRules = {
  /** In bytes. */
  bodyLimit: 16 * 1024,
  // An id in the path may be that of a client, which is a URL or a whole sealed description.
  routerOptions: { maxParamLength: longestClientId },
  // Answers are written as they are, and each app sets its own validator. Fastify makes those of its own only if no
  // others are given at the start.
  schemaController: {
    compilersFactory: { buildValidator: unset, buildSerializer: () => () => JSON.stringify },
  },
};

function unset(): never {
  throw new Error("the app has no compiler of schemas");
}
