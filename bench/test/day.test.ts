import { expect, test } from "vitest";
import { operationAt, stepsOfDay } from "../day.ts";

test("a day is a login, nine times ten questions with a refresh between them, and a logout", () => {
  const day = Array.from({ length: stepsOfDay }, (_, step) => operationAt(step));
  const questions = Array.from({ length: 10 }, () => "me");
  const sessions = Array.from({ length: 9 }, () => questions.join(" "));
  expect(day.join(" ")).toBe(`login ${sessions.join(" refresh ")} logout`);
});
