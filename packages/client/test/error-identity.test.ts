import { describe, expect, test } from "vitest";
import * as ours from "../src/errors.ts";

/** A second copy of the same module, as a bundler may produce. */
const copy = "../src/errors.ts?copy";
const theirs: typeof ours = await import(copy);

const answer = {
  status: 422,
  headers: new Headers(),
  body: "",
  data: undefined,
  retryAfter: undefined,
  secrets: [],
};
const pairs = [
  [ours, theirs],
  [theirs, ours],
] as const;

describe("instanceof across two copies of the package", () => {
  test("the copies differ", () => {
    expect(theirs.APIError).not.toBe(ours.APIError);
  });

  test.each(pairs)("holds for the class and its parents only", (one, other) => {
    const error = new one.ValidationError("", answer);
    expect(error).toBeInstanceOf(other.ValidationError);
    expect(error).toBeInstanceOf(other.BadRequestError);
    expect(error).toBeInstanceOf(other.APIError);
    expect(error).toBeInstanceOf(other.AuthError);
    expect(error).not.toBeInstanceOf(other.UnauthorizedError);
    expect(error).not.toBeInstanceOf(other.ConnectionError);
    expect(new one.BadRequestError("", answer)).not.toBeInstanceOf(other.ValidationError);
    expect(other.isKnownError(error)).toBe(true);
  });

  test.each(pairs)("holds for an outside subclass and its parents", (one, other) => {
    class TenantError extends one.ForbiddenError {}
    const error = new TenantError("", answer);
    expect(error).toBeInstanceOf(TenantError);
    expect(error).toBeInstanceOf(other.ForbiddenError);
    expect(error).toBeInstanceOf(other.UnauthorizedError);
    expect(error).not.toBeInstanceOf(other.NotFoundError);
  });

  test.each(pairs)("does not hold for an outside subclass and an error of its parent", (one, other) => {
    class TenantError extends one.ForbiddenError {}
    class OtherError extends one.ForbiddenError {}
    class DeeperError extends TenantError {}
    expect(new one.ForbiddenError("", answer)).not.toBeInstanceOf(TenantError);
    expect(new other.ForbiddenError("", answer)).not.toBeInstanceOf(TenantError);
    expect(new OtherError("", answer)).not.toBeInstanceOf(TenantError);
    expect(new DeeperError("", answer)).toBeInstanceOf(TenantError);
  });
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "ForbiddenError"],
  ["another error", new Error("ForbiddenError")],
  ["an error that has the name", Object.assign(new Error(), { name: "ForbiddenError", kind: "forbidden" })],
  ["an object with the fields of an error", { ...new ours.ForbiddenError("", answer) }],
  ["a class itself", ours.ForbiddenError],
  [
    "an error of a class that has an id",
    new (class extends Error {
      static id = "ForbiddenError";
    })(),
  ],
])("does not hold for %s", (_case, value) => {
  for (const kind of [ours.AuthError, ours.APIError, ours.ForbiddenError]) {
    expect(value instanceof kind).toBe(false);
  }
  expect(ours.isKnownError(value)).toBe(false);
});

test("errors have the name of their class, a stack and a cause", () => {
  const cause = new Error("ECONNRESET");
  const error = new ours.ConnectionError("No answer", { cause });
  expect(error).toMatchObject({ name: "ConnectionError", cause });
  expect(String(error)).toBe("ConnectionError: No answer");
  expect(error.stack).toContain("ConnectionError: No answer");
  expect(Object.prototype.toString.call(error)).toBe("[object Error]");
});
