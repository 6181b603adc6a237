import { type Fields, readImportedUser } from "../../../core/people/imported-user.ts";
import { noColumns } from "../csv-columns.ts";
import { type Converter, objectOf, objectsOf, textOf, usernameOf } from "./converter.ts";

/**
 * The identities of Ory Kratos, with their credentials (`include_credential=password`). The list may stand under the key
 * `identities`, and each of them under `create`: that is the form of Kratos' own import.
 */
export const kratos: Converter = {
  product: "Kratos",
  list: "identities",
  columnsProblem: noColumns("Kratos"),
  user(row) {
    const fields = Object.hasOwn(row, "create") ? objectOf(row, "create") : row;
    const traits = objectOf(fields, "traits");
    const password = objectOf(objectOf(fields, "credentials"), "password");
    const email = textOf(traits, "email") ?? identifierOf(password);
    const address = objectsOf(fields, "verifiable_addresses").find(({ value }) => value === email);
    return readImportedUser({
      id: fields["id"],
      username: usernameOf(textOf(traits, "username")),
      email,
      email_verified: address?.["verified"],
      display_name: nameOf(traits),
      disabled: fields["state"] === "inactive",
      password_hash: textOf(objectOf(password, "config"), "hashed_password"),
      created_at: fields["created_at"],
    });
  },
};

/** An identity schema names its traits as it likes. The identifiers of a password are those of the sign-in. */
function identifierOf(password: Fields): string | undefined {
  const { identifiers } = password;
  if (!Array.isArray(identifiers)) return undefined;
  return identifiers.map(String).find((identifier) => identifier.includes("@"));
}

function nameOf(traits: Fields): string | undefined {
  const { first, last } = objectOf(traits, "name");
  const names = [first, last].filter((name) => typeof name === "string" && name !== "");
  return names.length > 0 ? names.join(" ") : textOf(traits, "name");
}
