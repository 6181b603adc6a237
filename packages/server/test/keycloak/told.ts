import { missingProgram } from "@latchkey/testkit/keycloak/distribution";
import type { TestProject } from "vitest/node";

/** Says after `npm test` that the Keycloak suite was left out, and why. */
export function setup(project: TestProject): () => void {
  return () => {
    const missing = missingProgram({ maven: false });
    const why = missing === undefined ? "`npm run test:keycloak` runs it" : `it needs ${missing}`;
    project.vitest.logger.log(`Left out: the tests against a real Keycloak; ${why}.`);
  };
}
