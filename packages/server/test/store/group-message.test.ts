import fc from "fast-check";
import { expect, test } from "vitest";
import type { Step } from "../../src/store/database.ts";
import { GroupReceiver, GroupSender } from "../../src/store/sqlite/group-message.ts";
import type { Change } from "../../src/store/sqlite/transaction.ts";

const steps = fc.record({
  sql: fc.constantFrom("insert into a values (?1)", "update a set b = ?1", "delete from a", ""),
  must: fc.boolean(),
  values: fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { maxLength: 3 }),
});
const group = fc.array(fc.record({ urgent: fc.boolean(), steps: fc.array(steps, { maxLength: 4 }) }), {
  maxLength: 4,
});

/** Sends groups as the writer does. `lose` makes a post fail. */
function link() {
  const sender = new GroupSender();
  const receiver = new GroupReceiver();
  const newTexts: string[] = [];
  return {
    newTexts,
    pass(group: readonly Change[]): Change[] {
      const arrived: Change[] = [];
      sender.send(group, (message) => {
        newTexts.push(...message.newTexts);
        arrived.push(...receiver.unpack(structuredClone(message)));
      });
      return arrived;
    },
    lose(group: readonly Change[]): void {
      expect(() =>
        sender.send(group, () => {
          throw new Error("could not be cloned");
        }),
      ).toThrow("could not be cloned");
    },
  };
}

test("every group arrives as it was sent, also after others were lost", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(group, fc.boolean())), (sent) => {
      const { pass, lose } = link();
      for (const [each, isLost] of sent) {
        if (isLost) lose(each);
        else expect(pass(each)).toEqual(each);
      }
    }),
  );
});

test("a text is sent once", () => {
  const { pass, newTexts } = link();
  const insert: Step = { sql: "insert into a values (?1)", must: false, values: [1] };
  const remove: Step = { sql: "delete from a", must: true, values: [] };
  pass([{ urgent: false, steps: [insert, insert, remove] }]);
  pass([{ urgent: true, steps: [remove, insert] }]);
  expect(newTexts).toEqual([insert.sql, remove.sql]);
});

test("a step without a text is refused", () => {
  const sent = { firstNew: 0, newTexts: [], changes: [{ urgent: false, steps: [[0, false, []]] }] } as const;
  expect(() => new GroupReceiver().unpack(sent)).toThrow("the writing thread has no SQL text 0");
});
