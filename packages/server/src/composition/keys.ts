import { createVerifier } from "@latchkey/guard/verifier";
import type { Config } from "../config/config.ts";
import { generatedSecrets } from "../config/secret-file.ts";
import type { Clock, SteadyClock } from "../core/clock.ts";
import { administrationOf } from "../core/oauth/resources.ts";
import { createTokenCheck } from "../core/stories/current-user.ts";
import { AccessTokens, ownClientId } from "../core/tokens/access-tokens.ts";
import { deriveKeyring } from "../core/tokens/derived-keys.ts";
import { RefreshTokens } from "../core/tokens/refresh-tokens.ts";
import { forResource } from "../core/tokens/resource-tokens.ts";
import { Revocations } from "../core/tokens/revocations.ts";
import { signingAlgorithms } from "../core/tokens/signing-key-pair.ts";
import { SigningKeys } from "../core/tokens/signing-keys.ts";
import type { Log } from "../log.ts";
import { retryUnavailable } from "../repeated-work.ts";
import type { Store } from "../store/store.ts";

/** The parts that every other part of a server needs. */
export interface Foundation {
  readonly config: Config;
  readonly issuer: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly log: Log;
}

/** The parts that issue tokens and check them. */
export type Keys = Awaited<ReturnType<typeof openKeys>>;

/** Opens the signing keys and the revocation list, and builds the parts that issue and check tokens with them. */
export async function openKeys({ config, issuer, store, clock, steady, log }: Foundation) {
  const audience = config.audience ?? [issuer];
  const keyring = deriveKeyring(config.secret ?? (await generatedSecrets(config.database, store.keys)));
  const { first, others } = keyring;

  const { signingAlgorithm: algorithm, accessTokenTtl: lifetime } = config;
  const sealing = { sealing: first.sealing, otherSealing: others.map((keys) => keys.sealing) };
  const keyParts = { store: store.keys, ...sealing, clock, steady, algorithm };
  const signingKeys = await retryUnavailable(() => SigningKeys.open(keyParts));
  const resealed = await retryUnavailable(() => signingKeys.reseal());
  if (resealed > 0) log.info({ keys: resealed }, "signing keys were sealed with the first secret");
  const revocations = new Revocations(store.revocations, { clock, steady, tokenLifetime: lifetime });
  await retryUnavailable(() => revocations.poll());
  const rules = {
    issuer,
    algorithms: signingAlgorithms,
    clockTolerance: 0,
    keys: signingKeys,
    revocations,
    now: clock,
  };
  const guard = createVerifier({ ...rules, audience, authorizedParty: ownClientId });
  const mcpResource = `${issuer}/mcp`;
  const mcpVerifier = createVerifier({ ...rules, audience: [...audience, mcpResource] });
  const tokens = new AccessTokens({ issuer, audience, lifetime }, signingKeys, clock);
  const refreshTokens = new RefreshTokens(first, ...others);
  return {
    keyring,
    signingKeys,
    revocations,
    /** Accepts the tokens of people's own logins alone. */
    guard,
    check: createTokenCheck(guard),
    /** Accepts them too, and those that clients got for the tools at `/mcp`. */
    mcpGuard: forResource(mcpVerifier, mcpResource),
    mcpResource,
    /** The resource of clients' tokens for the administration. */
    adminResource: administrationOf(issuer),
    /** Accepts the tokens of every resource: to revoke and to introspect them. */
    checkAny: createTokenCheck(createVerifier({ ...rules, anyAudience: true })),
    tokens,
    refreshTokens,
  };
}
