export const refreshRepeats = {
  number: 3,
  name: "sessions count the repeats of a refresh token",
  statements: [
    "alter table sessions add column repeats bigint not null default 0",
    "alter table sessions add column repeats_generation bigint not null default 0",
  ],
};
