// Repeats of the refresh token before the current one. They count if `repeats_generation` is the session's generation.
export const refreshRepeats = {
  number: 4,
  name: "sessions count the repeats of a refresh token",
  statements: [
    "alter table sessions add column repeats integer not null default 0",
    "alter table sessions add column repeats_generation integer not null default 0",
  ],
};
