import { firebaseHash } from "../../../core/passwords/foreign-derivation.ts";
import type { FirebaseKeys, ScryptCost } from "../../../core/passwords/foreign-hash.ts";
import { readImportedUser } from "../../../core/people/imported-user.ts";
import { noColumns } from "../csv-columns.ts";
import { type Converter, isTrue, objectsOf, textOf } from "./converter.ts";

/** The password hash parameters of a Firebase project. */
export interface FirebaseProject extends FirebaseKeys {
  readonly cost: ScryptCost;
}

/**
 * Reads the parameters as the Firebase console shows them (`hash_config { … }`), or as JSON with the same names.
 *
 * @returns undefined if one is missing
 */
export function readFirebaseProject(text: string): FirebaseProject | undefined {
  const found = new Map(
    [...text.matchAll(/(\w+)"?\s*:\s*"?([^",\s}]+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  const [signerKey, separator] = [found.get("base64_signer_key"), found.get("base64_salt_separator")];
  const [rounds, memory] = [Number(found.get("rounds")), Number(found.get("mem_cost"))];
  if (signerKey === undefined || separator === undefined || !(rounds > 0 && memory > 0)) return undefined;
  return {
    signerKey: Buffer.from(signerKey, "base64"),
    separator: Buffer.from(separator, "base64"),
    cost: { n: 2 ** memory, r: rounds, p: 1 },
  };
}

/** The export of Firebase Authentication (`firebase auth:export users.json`). */
export function firebase(project: FirebaseProject | undefined): Converter {
  return {
    product: "Firebase",
    columnsProblem: noColumns("Firebase"),
    list: "users",
    user(fields) {
      const email = textOf(fields, "email");
      const isAnonymous =
        objectsOf(fields, "providerUserInfo").length === 0 && !textOf(fields, "phoneNumber");
      if (email === undefined && isAnonymous) return undefined;
      const [hash, salt] = [textOf(fields, "passwordHash"), textOf(fields, "salt")];
      const password = hash === undefined ? undefined : passwordOf(hash, salt ?? "", project);
      if (password !== undefined && "problem" in password) {
        return { problem: `the password cannot be checked: ${password.problem}` };
      }
      return readImportedUser({
        id: fields["localId"],
        email,
        email_verified: fields["emailVerified"],
        display_name: fields["displayName"],
        disabled: isTrue(fields, "disabled"),
        password_hash: password?.text,
        created_at: fields["createdAt"],
      });
    },
  };
}

function passwordOf(hash: string, salt: string, project: FirebaseProject | undefined) {
  if (project === undefined)
    return { problem: "name the file with the hash parameters of the project by --hash-config" };
  return firebaseHash(project.cost, project, Buffer.from(salt, "base64"), Buffer.from(hash, "base64"));
}
