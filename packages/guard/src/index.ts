export type { Algorithm } from "./check/signature.ts";
export { createGuard, type Guard } from "./guard.ts";
export type { GuardOptions } from "./guard-options.ts";
export type { GuardEvent } from "./issuer/guard-events.ts";
export type { GuardHealth, KeysHealth, RevocationsHealth } from "./issuer/health.ts";
export type { KeySource, RevocationSource } from "./issuer/sources.ts";
export type { Principal } from "./principal.ts";
export { allow, type Condition, type Rule } from "./rules/allow.ts";
export { TokenError, type TokenErrorCode } from "./token-error.ts";
