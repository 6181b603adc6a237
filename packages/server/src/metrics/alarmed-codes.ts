import type { ErrorCode } from "../core/errors.ts";

/**
 * The codes that `deploy/prometheus-rules.yml` and the dashboard name. Prometheus sees no increase in a series that
 * begins with 1, so each of them begins with 0 for every operation. Otherwise the first failure would raise no alarm.
 */
export const alarmedCodes = [
  "ok",
  "internal_error",
  "invalid_credentials",
  "overloaded",
  "provider_unavailable",
  "rate_limited",
  "store_unavailable",
] as const satisfies readonly (ErrorCode | "ok")[];
