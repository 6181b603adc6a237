import { expect } from "vitest";
import { refreshContract } from "../api/refresh-contract.ts";
import { ownRealm, realmWorld, sameTimes } from "./own-realm.ts";

/** A session of Keycloak goes on by its refresh token alone. */
const currentToken = {
  status: 422,
  code: "validation_error",
  body: { detail: [{ loc: ["body", "current_token"], msg: expect.stringMatching(/^Send refresh_token/) }] },
} as const;

refreshContract(
  realmWorld(ownRealm(sameTimes), {
    "an empty current token": currentToken,
    "no token of ours": currentToken,
  }),
);
