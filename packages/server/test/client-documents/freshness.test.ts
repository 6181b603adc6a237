import fc from "fast-check";
import { expect, test } from "vitest";
import { freshFor } from "../../src/client-documents/freshness.ts";

const minute = 60_000;
const hour = 60 * minute;

test.each([
  ["no header", {}, hour],
  ["ten minutes", { "cache-control": "max-age=600" }, 10 * minute],
  ["ten minutes among others", { "cache-control": "public, Max-Age = 600, must-revalidate" }, 10 * minute],
  ["ten minutes in quotes", { "cache-control": 'max-age="600"' }, 10 * minute],
  ["another time for shared caches", { "cache-control": "max-age=600, s-maxage=1200" }, 20 * minute],
  ["ten minutes of which four are over", { "cache-control": "max-age=600", age: "240" }, 6 * minute],
  ["a second", { "cache-control": "max-age=1" }, 5 * minute],
  ["a year", { "cache-control": "max-age=31536000, immutable" }, 24 * hour],
  ["no-store", { "cache-control": "no-store" }, 5 * minute],
  ["no-cache with a time", { "cache-control": "no-cache, max-age=600" }, 5 * minute],
  ["an older answer than allowed", { "cache-control": "max-age=600", age: "99999" }, 5 * minute],
  ["nonsense", { "cache-control": "max-age=soon", age: "old" }, hour],
  ["the name of another directive", { "cache-control": "x-max-age=600" }, hour],
])("an answer with %s is fresh for the time that its host gives, within bounds", (_, headers, expected) => {
  expect(freshFor(headers)).toBe(expected);
});

test("no header makes an answer fresh for less than 5 minutes or more than a day", () => {
  const text = fc.oneof(
    fc.string(),
    fc.nat(10 ** 9).map((seconds) => `max-age=${seconds}`),
  );
  fc.assert(
    fc.property(text, text, (control, age) => {
      const ms = freshFor({ "cache-control": control, age });
      expect(ms).toBeGreaterThanOrEqual(5 * minute);
      expect(ms).toBeLessThanOrEqual(24 * hour);
    }),
  );
});
