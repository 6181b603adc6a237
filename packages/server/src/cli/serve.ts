import { existsSync } from "node:fs";
import { passwordRulesOf } from "../composition/password-rules.ts";
import { assertSecure } from "../config/assert-secure.ts";
import type { Config } from "../config/config.ts";
import { SettingProblem } from "../config/setting-text.ts";
import { operator } from "../core/audit-events.ts";
import { WeakPassword } from "../core/passwords/password-problem.ts";
import { assertGoodPassword } from "../core/passwords/policy.ts";
import { firstAdministrator } from "../core/people/people.ts";
import { passwordContext } from "../core/people/person-rules.ts";
import { releaseThreads } from "../password-checks/threads.ts";
import type { Given } from "./command.ts";
import { runServer } from "./server-process.ts";

/** `latchkey serve`: runs until a signal stops it. */
export async function serveCommand({ config }: Given): Promise<void> {
  await assertFirstPassword(config);
  const warnings = assertSecure(config);
  await runServer(
    config,
    async (people, log) => {
      const generated = await people.addFirstAdministrator(config.adminPassword).catch(nameTheSetting);
      // The dictionaries that measured the password take memory, and the next one may be months away.
      releaseThreads();
      if (generated === undefined) return;
      process.stderr.write(administratorNote(generated, config), (error) => {
        if (error)
          log.warn(
            "the administrator's password could not be written to standard error: set one with `latchkey user passwd admin`",
          );
      });
    },
    warnings,
  );
}

/** Checks the first administrator's password before a new database is created. */
async function assertFirstPassword(config: Config): Promise<void> {
  const { database, adminPassword, provider, issuer } = config;
  if (provider !== "local" || adminPassword === undefined) return;
  if (database.engine !== "sqlite" || existsSync(database.path)) return;
  const rules = passwordRulesOf(config, { issuer });
  const requester = { ...operator, account: firstAdministrator.username };
  await assertGoodPassword(adminPassword, passwordContext(firstAdministrator), rules, requester).catch(
    nameTheSetting,
  );
}

function nameTheSetting(error: unknown): never {
  if (error instanceof WeakPassword) throw new SettingProblem(`LATCHKEY_ADMIN_PASSWORD: ${error.message}`);
  throw error;
}

/** Text for standard error. The password must not reach the log, which is kept. */
function administratorNote(password: string, { accountPages }: Config): string {
  const command = "latchkey user passwd admin";
  const ways =
    accountPages === "on"
      ? `The first sign-in at /account asks for another one.\n  Or change it with:  ${command}`
      : `Change it with:  ${command}`;
  return `
  The first administrator was created. The password is shown only once:

    username  admin
    password  ${password}

  ${ways}

`;
}
