export { allow, type Condition, type Rule } from "./allow.ts";
export { createGuard, type Guard } from "./guard.ts";
export type { GuardEvent } from "./guard-events.ts";
export type { GuardOptions } from "./guard-options.ts";
export type { GuardHealth, KeysHealth, RevocationsHealth } from "./health.ts";
export type { Principal } from "./principal.ts";
export type { Algorithm } from "./signature.ts";
export type { KeySource, RevocationSource } from "./sources.ts";
export { TokenError, type TokenErrorCode } from "./token-error.ts";
