import { loginContract, refusedLogin } from "../api/login-contract.ts";
import { ownRealm, realmWorld, sameTimes } from "./own-realm.ts";

/** The same contract as for local users, with Keycloak's differences. */
loginContract(
  realmWorld(ownRealm(sameTimes), {
    // Keycloak does not normalise names and passwords.
    "full-width letters (NFKC)": refusedLogin,
    "password in another normalisation": refusedLogin,
    // After the right password, Keycloak reports a disabled account.
    "inactive user": { status: 403, code: "account_disabled", events: ["login.failed"] },
  }),
);
