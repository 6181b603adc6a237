import { readFileSync } from "node:fs";
import { bearerRequest, formRefreshing, formRequest } from "../requests.ts";
import { type Contestant, member } from "./contestant.ts";
import { pythonProgram } from "./installed.ts";
import { startProgram } from "./program.ts";

const requirements = readFileSync(new URL("fastapi/requirements.txt", import.meta.url), "utf8");

interface Variant {
  readonly id: string;
  readonly hash: string;
  readonly environment: Readonly<Record<string, string>>;
}

const variants: readonly Variant[] = [
  { id: "fastapi", hash: "pwdlib's argon2id", environment: {} },
  { id: "fastapi-ours", hash: "our argon2id", environment: { OURS: "1" } },
];

/** The sign-in of FastAPI's tutorial, with a database: once with the recommended hash, once with ours. */
export const fastapi: readonly Contestant[] = variants.map(({ id, hash, environment }) => ({
  id,
  name: `FastAPI + PyJWT, ${hash}`,
  version: /^fastapi==(.*)$/m.exec(requirements)?.[1] ?? "unknown",
  configuration: `uvicorn with uvloop and one worker, the sign-in of FastAPI's tutorial, \`sqlite3\` with every commit flushed, and ${hash}.`,
  leavesOut: {
    me: "A token that was revoked counts until it expires: there are no sessions.",
    bytes: "A row is one refresh token: there is no session, no device and no audit trail.",
  },
  database: "fastapi.db",
  async prepare() {
    const program = await pythonProgram("fastapi");
    return async (folder, port) => {
      const service = await startProgram(port, folder, {
        command: [
          `${program}environment/bin/uvicorn`,
          ...["app:app", "--app-dir", program, "--host", "127.0.0.1", "--port", String(port)],
          "--no-access-log",
        ],
        environment,
      });
      return {
        ...service,
        login: ({ username, password }) =>
          formRequest("/token", { username, password, grant_type: "password" }),
        refreshToken: member("refresh_token"),
        refresh: formRefreshing("/refresh", {}),
        me: (answered) => bearerRequest("/users/me", member("access_token")(answered)),
      };
    };
  },
}));
