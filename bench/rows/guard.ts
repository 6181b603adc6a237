import type { Measure } from "../row.ts";
import { checks } from "./guard-checks.ts";
import { logout } from "./guard-logout.ts";
import { memory } from "./guard-memory.ts";

/** The cost of a guard for every call, and its delay after a logout. */
export const guard: Measure = async ({ quick }) => [
  ...(await checks(quick)),
  ...(await memory(quick)),
  ...(await logout(quick)),
];
