import { expect, test } from "vitest";
import { storedContent } from "../../src/core/mail/stored-content.ts";

test.each([
  ["a kind that this version does not know", "factor_added", "{}"],
  ["a text that is not JSON", "reset", "{"],
  ["null", "reset", "null"],
  ["a time that is missing", "password_changed", "{}"],
  ["a time as a text", "password_changed", '{"at":"yesterday"}'],
  ["a time that no calendar has", "password_changed", '{"at":1e300}'],
  ["an address that is missing", "new_address", '{"at":0}'],
  ["an e-mail address that is missing", "email_changed", '{"at":0}'],
  ["a name that is missing", "reset_request", "{}"],
  ["a name that is a number", "sign_up_known", '{"username":7}'],
])("%s makes no mail", (_what, kind, details) => {
  expect(storedContent(kind, details)).toBeUndefined();
});

test("facts that this version does not know are left out", () => {
  expect(storedContent("password_changed", '{"at":5,"by":"administrator"}')).toEqual({
    kind: "password_changed",
    at: 5,
  });
});
