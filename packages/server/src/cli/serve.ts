import { existsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { Config } from "../config.ts";
import { passwordProblem } from "../core/password-policy.ts";
import { firstAdministrator, type People, PersonProblem } from "../core/people.ts";
import { type Log, type OpenLog, openLog } from "../log.ts";
import { type Server, serve } from "../serve.ts";
import { serviceLinks } from "../service-links.ts";
import { SettingProblem } from "../setting-problem.ts";
import { visibleLines } from "../visible.ts";
import { parseArguments } from "./arguments.ts";
import { UsageProblem } from "./failures.ts";
import { putHashingBehindRequests } from "./thread-priority.ts";
import { unknownVariables } from "./unknown-variables.ts";

/** How long requests in flight may take to finish at shutdown, in milliseconds. */
const shutdownPatience = 15_000;

/** How long a proxy may still use a connection that it has kept, in milliseconds. */
const idleGrace = 500;

/** `latchkey serve`: runs until it is told to stop. */
export async function serveCommand(args: readonly string[]): Promise<void> {
  const { config, words } = parseArguments(args, process.env);
  if (words.length > 0)
    throw new UsageProblem(`serve takes no ${words[0]}; \`latchkey --help\` lists what there is`);
  await assertFirstPassword(config);
  await run(config, async (people, log) => {
    const { added, generated } = await people
      .addFirstAdministrator(config.adminPassword)
      .catch(nameTheSetting);
    if (!added || generated === undefined) return;
    process.stderr.write(administratorNote(generated), (error) => {
      if (error)
        log.warn(
          "standard error failed, so the administrator's password was not shown: set one with `latchkey user passwd admin`",
        );
    });
  });
}

/** Refuses the first administrator's password before a new database is made for it. */
async function assertFirstPassword({ database, adminPassword, provider, passwordMinLength }: Config) {
  if (provider !== "local" || adminPassword === undefined) return;
  if (database.engine !== "sqlite" || existsSync(database.path)) return;
  const { username, email } = firstAdministrator;
  const policy = { minLength: passwordMinLength };
  const problem = await passwordProblem(adminPassword, [username, email], policy);
  if (problem !== undefined) throw new SettingProblem(`LATCHKEY_ADMIN_PASSWORD: ${problem}`);
}

function nameTheSetting(error: unknown): never {
  if (error instanceof PersonProblem) throw new SettingProblem(`LATCHKEY_ADMIN_PASSWORD: ${error.message}`);
  throw error;
}

/** Work before the first request, such as adding the first users. */
type Prepare = (people: People, log: Log) => Promise<void>;

/** Serves until SIGINT or SIGTERM, then finishes what is in flight. */
export async function run(config: Config, prepare: Prepare): Promise<Server> {
  const output = await openLog(config.logLevel);
  const { log } = output;
  for (const variable of unknownVariables(process.env)) {
    log.warn({ variable }, `unknown setting ${variable}: \`latchkey --help\` lists all settings`);
  }
  const links = serviceLinks(process.env);
  if (links.length > 0) {
    log.warn(
      { variables: links },
      "service links of a Kubernetes Service named latchkey or latchkey-… are ignored: set enableServiceLinks: false in the pod; --port sets the port",
    );
  }
  process.on("uncaughtException", (error) => void endWith(error, output));
  await putHashingBehindRequests();
  const server = await serve(config, {
    log,
    lostLogLines: output.lost,
    prepare: (people) => prepare(people, log),
    idleGrace,
  }).catch(async (error: unknown) => {
    await output.close();
    throw error;
  });
  flushCompileCache();
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) endAtOnce();
    stopping = true;
    setTimeout(endAtOnce, shutdownPatience).unref();
    log.info({ signal }, "finishing what is in flight");
    await server.close();
    log.info("stopped");
    if ((await output.close()) === "hanging") endAtOnce();
    process.exit(0);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // The demo's banner follows the log.
  await output.flush();
  return server;
}

/** Ends the process for an error that nothing caught. The log is written first: the cause may stand in it. */
async function endWith(error: Error, output: OpenLog): Promise<never> {
  process.stderr.write(`latchkey: ${visibleLines(error.stack ?? error.message)}\n`);
  if ((await output.close()) === "hanging") endAtOnce();
  process.exit(1);
}

/**
 * Ends the process without `process.exit`, which waits for a write that hangs in the kernel. The first process of
 * a container is immune to its own SIGKILL, so it exits, as far as the kernel lets it.
 */
function endAtOnce(): never {
  process.kill(process.pid, "SIGKILL");
  process.exit(1);
}

/** On standard error, not in the log: the log is kept, and this must not be. */
function administratorNote(password: string): string {
  return `
  The first administrator was made. This password is shown once:

    username  admin
    password  ${password}

  Choose your own:  npx latchkey user passwd admin

`;
}
