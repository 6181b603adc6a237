import { type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

/**
 * The end of some links before their use. Mails that wait with them go first: such a mail would bring a link that opens
 * nothing.
 *
 * @param which a condition on `links`
 * @returns makes the steps; `end` is `must` if the change depends on a link
 */
export function linkEnding<Values extends object>(which: string) {
  const mails = statement<Values>(
    `delete from outbox where link_id in (select links.id from links where ${which})`,
  );
  const links = statement<Values>(`delete from links where ${which}`);
  return (values: NoInfer<Values>, end = step): Step[] => [step(mails, values), end(links, values)];
}
