import { pbkdf2Hash } from "../../../core/passwords/foreign-derivation.ts";
import type { ForeignHash, ForeignHashProblem } from "../../../core/passwords/foreign-hash.ts";
import { parseForeignHash } from "../../../core/passwords/parse-foreign-hash.ts";
import {
  type Fields,
  type ImportedUser,
  type RowProblem,
  readImportedUser,
} from "../../../core/people/imported-user.ts";
import { noColumns } from "../csv-columns.ts";
import { type Converter, objectOf, objectsOf, textOf, usernameOf } from "./converter.ts";

/** Roles that every user of a realm has, and that mean nothing outside of Keycloak. */
const ofKeycloak = /^(?:default-roles-.*|offline_access|uma_authorization)$/;

/** The export of a Keycloak realm (`kc.sh export`), with or without the rest of the realm. */
export const keycloak: Converter = {
  product: "Keycloak",
  columnsProblem: noColumns("Keycloak"),
  list: "users",
  user(fields) {
    if (textOf(fields, "serviceAccountClientId") !== undefined) return undefined;
    const hash = passwordOf(fields);
    if (hash !== undefined && "problem" in hash)
      return { problem: `the password cannot be checked: ${hash.problem}` };
    return userOf(fields, hash?.text);
  },
};

function userOf(fields: Fields, passwordHash: string | undefined): ImportedUser | RowProblem {
  const names = [textOf(fields, "firstName"), textOf(fields, "lastName")].filter(
    (name) => name !== undefined,
  );
  const actions = fields["requiredActions"];
  return readImportedUser({
    id: fields["id"],
    username: usernameOf(textOf(fields, "username")),
    email: fields["email"],
    email_verified: fields["emailVerified"],
    display_name: names.join(" "),
    roles: rolesOf(fields),
    disabled: fields["enabled"] === false,
    password_hash: passwordHash,
    created_at: fields["createdTimestamp"],
    must_change: Array.isArray(actions) && actions.includes("UPDATE_PASSWORD"),
  });
}

function rolesOf(fields: Fields): readonly unknown[] | undefined {
  const roles = fields["realmRoles"];
  if (!Array.isArray(roles)) return undefined;
  const own = roles.filter((role) => !ofKeycloak.test(String(role)));
  return own.length > 0 ? own : undefined;
}

function passwordOf(fields: Fields): ForeignHash | ForeignHashProblem | undefined {
  const credential = objectsOf(fields, "credentials").find(({ type }) => type === "password");
  if (credential === undefined) return undefined;
  const secret = objectOf(credential, "secretData");
  const data = objectOf(credential, "credentialData");
  const salt = Buffer.from(textOf(secret, "salt") ?? "", "base64");
  const key = Buffer.from(textOf(secret, "value") ?? "", "base64");
  const algorithm = textOf(data, "algorithm") ?? "";
  const iterations = Number(data["hashIterations"]);
  switch (algorithm) {
    case "argon2":
      return parseForeignHash(argon2Text(objectOf(data, "additionalParameters"), iterations, salt, key));
    case "pbkdf2-sha512":
      return pbkdf2Hash("sha512", iterations, salt, key);
    case "pbkdf2-sha256":
      return pbkdf2Hash("sha256", iterations, salt, key);
    case "pbkdf2":
      return pbkdf2Hash("sha1", iterations, salt, key);
    default:
      return { problem: "its algorithm is not one of Keycloak's own (argon2 and pbkdf2)" };
  }
}

/** The PHC form. Each additional parameter of Keycloak is a list of one text. */
function argon2Text(parameters: Fields, passes: number, salt: Buffer, key: Buffer): string {
  const parameter = (name: string) => String(parameters[name]);
  const version = parameter("version") === "1.0" ? 16 : 19;
  const shown = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  const cost = `m=${parameter("memory")},t=${passes},p=${parameter("parallelism")}`;
  return `$argon2${parameter("type")}$v=${version}$${cost}$${shown(salt)}$${shown(key)}`;
}
