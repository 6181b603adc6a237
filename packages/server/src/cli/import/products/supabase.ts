import type { Clock } from "../../../core/clock.ts";
import { readImportedUser, timeOf } from "../../../core/people/imported-user.ts";
import { addressProblem } from "../csv-columns.ts";
import { type Converter, isTrue, objectOf, textOf } from "./converter.ts";

/** The table `auth.users` of Supabase, as JSON or CSV. */
export function supabase(clock: Clock): Converter {
  return {
    product: "Supabase",
    columnsProblem: addressProblem,
    user(fields) {
      const isGone = textOf(fields, "deleted_at") !== undefined;
      if (isGone || isTrue(fields, "is_anonymous")) return undefined;
      const about = objectOf(fields, "raw_user_meta_data");
      return readImportedUser({
        id: fields["id"],
        email: fields["email"],
        email_verified: textOf(fields, "email_confirmed_at") !== undefined,
        display_name: textOf(about, "full_name") ?? textOf(about, "name"),
        disabled: timeOf(textOf(fields, "banned_until") ?? "") > clock(),
        password_hash: fields["encrypted_password"],
        created_at: fields["created_at"],
      });
    },
  };
}
