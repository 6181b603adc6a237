import { missingProgram } from "@latchkey/testkit/keycloak/distribution";
import type { TestProject } from "vitest/node";

/** Prints after `npm test` that the Keycloak suite was skipped, and the reason. */
export function setup(project: TestProject): () => void {
  return () => {
    const missing = missingProgram({ maven: false });
    const reason = missing === undefined ? "`npm run test:keycloak` runs it" : `it needs ${missing}`;
    project.vitest.logger.log(`Left out: the tests against a real Keycloak; ${reason}.`);
  };
}
