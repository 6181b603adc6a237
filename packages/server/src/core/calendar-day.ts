/** Whether the calendar has a day such as `2026-02-28`. `Date.parse` takes the 31st of February for the 3rd of March. */
export function isCalendarDay(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
