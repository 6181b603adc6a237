export const attemptsByItsClock = {
  number: 2,
  name: "attempts by the database's clock, and a deadline of those whose outcome is open",
  statements: [
    // An older replica sets no deadline: its slots stay reserved until the window ends, as before.
    "alter table attempts add column open_until bigint not null default 9007199254740991",
    // One clock measures all windows, whatever the clocks of the replicas.
    `create function latchkey_now() returns bigint language sql stable as $$
      select floor(extract(epoch from statement_timestamp()) * 1000)::bigint
    $$`,
  ],
};
