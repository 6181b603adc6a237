import type { Migration } from "./migration.ts";

export const auditActor: Migration = {
  number: 2,
  name: "audit events name who acted",
  statements: ["alter table audit_events add column actor text"],
};
