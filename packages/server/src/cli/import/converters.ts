import { readFileSync } from "node:fs";
import { readImportedUser } from "../../core/people/imported-user.ts";
import { CommandProblem, UsageProblem } from "../failures.ts";
import { ownColumnsProblem } from "./csv-columns.ts";
import { auth0 } from "./products/auth0.ts";
import { betterAuth } from "./products/better-auth.ts";
import type { Converter } from "./products/converter.ts";
import { firebase, readFirebaseProject } from "./products/firebase.ts";
import { keycloak } from "./products/keycloak.ts";
import { kratos } from "./products/kratos.ts";
import { supabase } from "./products/supabase.ts";
import { importSources } from "./sources.ts";

/** Latchkey's own form. */
const ownForm: Converter = {
  product: "Latchkey",
  columnsProblem: ownColumnsProblem,
  user: readImportedUser,
};

/**
 * The converter of `--from`.
 *
 * @param hashConfig the file with the hash parameters of a Firebase project
 * @throws {UsageProblem} if it does not exist; {CommandProblem} if a parameter is missing
 */
export function converterOf(from: string | undefined, hashConfig: string | undefined): Converter {
  if (hashConfig !== undefined && from !== "firebase")
    throw new UsageProblem("--hash-config belongs to --from firebase");
  switch (from) {
    case undefined:
      return ownForm;
    case "keycloak":
      return keycloak;
    case "auth0":
      return auth0;
    case "firebase":
      return firebase(hashConfig === undefined ? undefined : projectIn(hashConfig));
    case "supabase":
      return supabase(Date.now);
    case "kratos":
      return kratos;
    case "better-auth":
      return betterAuth;
    default:
      throw new UsageProblem(`--from=${from}: must be one of ${importSources.join(", ")}`);
  }
}

function projectIn(file: string) {
  const project = readFirebaseProject(readText(file));
  if (project !== undefined) return project;
  throw new CommandProblem(
    `${file} must have base64_signer_key, base64_salt_separator, rounds and mem_cost: copy the password hash parameters from the Firebase console`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw new CommandProblem(`cannot read ${file} (${code}): check its name and its permissions`);
  }
}
