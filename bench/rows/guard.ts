import type { Measure } from "../row.ts";
import { checks } from "./guard-checks.ts";
import { logout } from "./guard-logout.ts";
import { memory } from "./guard-memory.ts";

/** What a guard does in front of every call, and how soon it hears of a logout. */
export const guard: Measure = async ({ quick }) => [
  ...(await checks(quick)),
  ...(await memory(quick)),
  ...(await logout(quick)),
];
