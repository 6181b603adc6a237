export const attemptsByItsClock = {
  number: 2,
  name: "attempts by the database's clock, and a deadline of those whose outcome is open",
  statements: [
    // An older replica sets no deadline: its places stay taken until the window ends, as before.
    "alter table attempts add column open_until bigint not null default 9007199254740991",
    // All windows are measured with one clock, whatever the replicas' own say.
    `create function latchkey_now() returns bigint language sql stable as $$
      select floor(extract(epoch from statement_timestamp()) * 1000)::bigint
    $$`,
  ],
};
