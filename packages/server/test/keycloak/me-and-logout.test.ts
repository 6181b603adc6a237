import { meAndLogoutContract } from "../api/me-and-logout-contract.ts";
import { ownRealm, realmWorld, sameTimes } from "./own-realm.ts";

meAndLogoutContract(realmWorld(ownRealm(sameTimes)));
