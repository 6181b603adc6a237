import { oauthTokenContract } from "./oauth-token-contract.ts";
import { localWorld } from "./provider-world.ts";

oauthTokenContract(localWorld);
