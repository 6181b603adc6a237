export { allow, type Condition, type Rule } from "./allow.ts";
export { type Algorithm, createGuard, type Guard, type GuardOptions } from "./guard.ts";
export type { Principal } from "./principal.ts";
export type { KeySource, RevocationSource } from "./sources.ts";
export { TokenError, type TokenErrorCode } from "./token-error.ts";
