import { SettingProblem } from "../config/setting-text.ts";
import { duration } from "../config/values.ts";
import { isCalendarDay } from "../core/calendar-day.ts";

const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?<zone>Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A time as milliseconds since the epoch: in the form of RFC 3339, or a duration such as `2h`, which means so long ago.
 * A time without a zone is in UTC, like every time that Latchkey prints.
 *
 * @throws {SettingProblem} for any other text, and for a date that no calendar has
 */
export function timeIn(text: string, now: number): number {
  if (/^\d+[a-z]+$/.test(text)) return now - duration(1000)(text);
  const match = time.exec(text);
  const at = Date.parse(text.includes("T") && match?.groups?.["zone"] === undefined ? `${text}Z` : text);
  if (match === null || Number.isNaN(at) || !isCalendarDay(text.slice(0, 10)))
    throw new SettingProblem(
      "expected a time such as 2026-03-01 or 2026-03-01T12:30Z, or a duration such as 2h, which means two hours ago",
    );
  return at;
}
