export const deletionTime = {
  number: 4,
  name: "the last reading of the clock that deletions follow",
  statements: [
    `create table deletion_time (
      id bigint primary key,
      seen_at bigint not null,
      leaps text not null
    )`,
  ],
};
