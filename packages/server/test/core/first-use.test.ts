import { expect, test } from "vitest";
import { atFirstUse } from "../../src/core/first-use.ts";

test("a part is opened once, at its first use, and again only after a failed opening", async () => {
  let openings = 0;
  const use = atFirstUse(async () => {
    openings++;
    if (openings === 1) throw new Error("too many open files");
    return { openings };
  });
  expect(openings).toBe(0);

  const failed = await Promise.allSettled([use(), use()]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(openings).toBe(1);

  const [one, other] = await Promise.all([use(), use()]);
  expect(one).toEqual({ openings: 2 });
  expect(other).toBe(one);
  expect(await use()).toBe(one);
});
