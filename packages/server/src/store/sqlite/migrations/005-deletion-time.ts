// One row: the last reading of the clock, and its leaps that are not believed yet.
export const deletionTime = {
  number: 5,
  name: "the last reading of the clock that deletions follow",
  statements: [
    `create table deletion_time (
      id integer not null primary key,
      seen_at integer not null,
      leaps text not null
    ) strict`,
  ],
};
