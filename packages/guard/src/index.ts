export { createGuard, type Guard, type GuardOptions, type Principal } from "./guard.ts";
export { TokenError, type TokenErrorCode } from "./token-error.ts";
