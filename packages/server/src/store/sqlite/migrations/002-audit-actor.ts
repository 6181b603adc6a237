export const auditActor = {
  number: 2,
  name: "audit events name who acted",
  statements: ["alter table audit_events add column actor text"],
};
