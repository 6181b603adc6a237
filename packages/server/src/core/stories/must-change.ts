import type { Authenticate } from "./sign-in.ts";

/** The password was right, and its owner must choose a new one before anything is granted. */
export class MustChangePassword extends Error {
  constructor() {
    super("the password must be changed first");
    this.name = "MustChangePassword";
  }
}

/** The password check of the pages: throws {@link MustChangePassword} if the password must be changed. */
export function refusingMustChange(authenticate: Authenticate): Authenticate {
  return async (...given) => {
    const person = await authenticate(...given);
    if (!person.mustChange) return person;
    await person[Symbol.asyncDispose]();
    throw new MustChangePassword();
  };
}
