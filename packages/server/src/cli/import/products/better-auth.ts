import { scryptHash } from "../../../core/passwords/foreign-derivation.ts";
import { type Fields, readImportedUser } from "../../../core/people/imported-user.ts";
import { addressProblem } from "../csv-columns.ts";
import { type Converter, isTrue, textOf, usernameOf } from "./converter.ts";

/** The table `user` of better-auth, with the table `account` as second file. Each is JSON or CSV. */
export const betterAuth: Converter = {
  product: "better-auth",
  columnsProblem: addressProblem,
  user: (fields) =>
    readImportedUser({
      id: fields["id"],
      username: usernameOf(textOf(fields, "username")),
      email: fields["email"],
      email_verified: either(fields, "emailVerified", "email_verified"),
      display_name: fields["name"],
      roles: textOf(fields, "role")?.replaceAll(",", " "),
      disabled: isTrue(fields, "banned"),
      password_hash: textOf(fields, "password"),
      created_at: either(fields, "createdAt", "created_at"),
    }),
  passwordKey: (fields) => textOf(fields, "id"),
  password(fields) {
    const key = textOf(fields, "userId") ?? textOf(fields, "user_id");
    const hash = textOf(fields, "password");
    const isPassword = either(fields, "providerId", "provider_id") === "credential";
    return key === undefined || hash === undefined || !isPassword ? undefined : { key, hash: phcOf(hash) };
  },
};

/** Columns are in camel case, or in snake case as some adapters write them. */
function either(fields: Fields, camel: string, snake: string): unknown {
  return fields[camel] ?? fields[snake];
}

/** better-auth salts with the text of the salt in hexadecimal, not with its bytes. Other forms are left as they are. */
function phcOf(hash: string): string {
  const match = /^([0-9a-f]{32}):([0-9a-f]{128})$/.exec(hash);
  if (match === null) return hash;
  const [, salt = "", key = ""] = match;
  const made = scryptHash({ n: 16_384, r: 16, p: 1 }, Buffer.from(salt), Buffer.from(key, "hex"));
  return "problem" in made ? hash : made.text;
}
