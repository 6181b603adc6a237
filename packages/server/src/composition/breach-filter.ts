import type { Config } from "../config/config.ts";
import { SettingProblem } from "../config/setting-text.ts";

/** Reads the header of the breach filter, if one is set. @throws {SettingProblem} with the cause and the cure */
export async function assertBreachFilter({ breachFilter }: Config): Promise<void> {
  if (breachFilter === undefined) return;
  const { assertUsableFilter } = await import("../password-checks/breach-filter/lookup.ts");
  const { UnusableFilter } = await import("../password-checks/breach-filter/format.ts");
  await assertUsableFilter(breachFilter).catch((error: unknown) => {
    const setting = `LATCHKEY_BREACH_FILTER=${breachFilter}`;
    if (error instanceof UnusableFilter) throw new SettingProblem(`${setting}: the file ${error.message}`);
    if (error instanceof Error && "code" in error)
      throw new SettingProblem(
        `${setting}: cannot read the file (${error.code}): name another one, or make it readable`,
      );
    throw error;
  });
}
