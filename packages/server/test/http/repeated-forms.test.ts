import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FormDigests } from "../../src/http/pages/form-digests.ts";
import { RepeatedForms, repeatedFor } from "../../src/http/pages/repeated-forms.ts";

const form = new Map([["new_password", "orbit velvet cactus nine"]]);

describe("the results of forms", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("leave the memory after ten seconds, also if no other form comes", async () => {
    // The clock stands still: the timer alone can forget the result.
    const repeated = new RepeatedForms<number>(() => 0);
    let uses = 0;
    const send = () => repeated.once(["session", form], async () => ++uses);
    expect([await send(), await send()]).toEqual([1, 1]);
    vi.advanceTimersByTime(repeatedFor - 1);
    expect(await send()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(await send()).toBe(2);
  });
});

describe("the digest of a form", () => {
  test("tells owners, names and values apart", () => {
    const digests = new FormDigests();
    const digest = digests.of("alice", form);
    expect(digests.of("alice", new Map(form))).toBe(digest);
    expect(digests.of("bob", form)).not.toBe(digest);
    expect(digests.of("alice", new Map([["password", "orbit velvet cactus nine"]]))).not.toBe(digest);
    expect(digests.of("alice", new Map([["new_password", "orbit velvet cactus ten"]]))).not.toBe(digest);
  });

  test("has a random key, so that it tests no guess of a password", () => {
    expect(new FormDigests().of("alice", form)).not.toBe(new FormDigests().of("alice", form));
  });
});
