import { loginContract, refusedLogin } from "../api/login-contract.ts";
import { ownRealm, realmWorld, sameTimes } from "./own-realm.ts";

/** What Keycloak does in another way than Latchkey's own users; all the rest is the same. */
loginContract(
  realmWorld(ownRealm(sameTimes), {
    // Keycloak compares the letters that were typed.
    "full-width letters (NFKC)": refusedLogin,
    "password in another normalisation": refusedLogin,
    // Who knows the password is told.
    "inactive user": { status: 403, code: "account_disabled", events: ["login.failed"] },
  }),
);
