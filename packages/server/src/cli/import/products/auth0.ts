import { type Fields, readImportedUser } from "../../../core/people/imported-user.ts";
import { addressProblem } from "../csv-columns.ts";
import { type Converter, isTrue, objectOf, objectsOf, textOf, usernameOf } from "./converter.ts";

/**
 * The export of Auth0's users, with the password hashes as second file. The file of the hashes alone is enough: it has
 * the addresses too.
 */
export const auth0: Converter = {
  product: "Auth0",
  columnsProblem: addressProblem,
  user(fields) {
    const identifier = objectsOf(fields, "identifiers").find(({ type }) => type === "email") ?? {};
    const email = textOf(fields, "email") ?? textOf(identifier, "value");
    const name = textOf(fields, "name");
    return readImportedUser({
      id: idOf(fields),
      username: usernameOf(textOf(fields, "username")),
      email,
      email_verified: fields["email_verified"] ?? identifier["verified"],
      // Auth0 fills a missing name with the address.
      display_name: name === email ? undefined : name,
      disabled: isTrue(fields, "blocked"),
      password_hash: textOf(fields, "passwordHash"),
      created_at: fields["created_at"],
    });
  },
  passwordKey: idOf,
  password(fields) {
    const key = idOf(fields);
    const hash = textOf(fields, "passwordHash");
    return key === undefined || hash === undefined ? undefined : { key, hash };
  },
};

/** The users have `user_id`. The hashes have the part behind `auth0|`: that of the operator, or of the database. */
function idOf(fields: Fields): string | undefined {
  const given = textOf(fields, "user_id");
  const part = textOf(fields, "alt_id") ?? textOf(objectOf(fields, "_id"), "$oid");
  return given ?? (part === undefined ? undefined : `auth0|${part}`);
}
