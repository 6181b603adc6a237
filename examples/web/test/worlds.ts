import { join } from "node:path";
import { type Program, Programs } from "@latchkey/testkit/programs";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";

const examples = join(import.meta.dirname, "../..");

/** The three servers of the example, each in its own process. */
export interface Web {
  readonly login: ServerProcess;
  readonly notes: Program;
  /** The address of the web app, on `localhost`. */
  readonly url: string;
}

/** Starts the demo, the notes API and the web app. Called at the top of a test file, it stops them after the last test. */
export function webStarter(): () => Promise<Web> {
  const place = new Place();
  const programs = new Programs();
  return async () => {
    const login = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
    const env = { PORT: "0", LATCHKEY_ISSUER: login.url };
    const notes = programs.script(join(examples, "notes-api/src/main.ts"), env);
    const api = await notes.says(/^notes at (http:\S+)\/notes, /);
    const web = programs.script(join(examples, "web/src/main.ts"), { ...env, NOTES_API: api });
    return { login, notes, url: await web.says(/^the web app is at (http:\S+), /) };
  };
}
