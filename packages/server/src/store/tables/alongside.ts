import type { Alongside } from "../../core/people/users.ts";
import { must, type Step } from "../database.ts";
import { statement } from "../statement.ts";

const use = statement<{ id: string; at: number }>("delete from links where id = :id and expires_at > :at");

/** The step that uses up the link of a change, if it has one. A used or expired link rolls the change back. */
export function linkSteps({ link }: Alongside, at: number): Step[] {
  return link === undefined ? [] : [must(use, { id: link, at })];
}
