import { readFileSync } from "node:fs";
import { Connection } from "../connection.ts";
import { bearerRequest, post } from "../requests.ts";
import { type Contestant, member, people } from "./contestant.ts";
import { nodeProgram } from "./installed.ts";
import { startProgram } from "./program.ts";

const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL("better-auth/package.json", import.meta.url), "utf8"),
);

interface Variant {
  readonly id: string;
  readonly hash: string;
  readonly environment: Readonly<Record<string, string>>;
}

const variants: readonly Variant[] = [
  { id: "better-auth", hash: "scrypt", environment: {} },
  { id: "better-auth-argon2id", hash: "our argon2id", environment: { ARGON2ID: "1" } },
];

/** better-auth behind `node:http`: once with its own hash, once with ours. */
export const betterAuth: readonly Contestant[] = variants.map(({ id, hash, environment }) => ({
  id,
  name: `better-auth, ${hash}`,
  version: manifest.dependencies["better-auth"] ?? "unknown",
  configuration: `\`node:http\`, better-sqlite3 with every commit flushed, the plugins \`bearer\` and \`jwt\`, and ${hash}. Its rate limit is off, because one address makes the load.`,
  leavesOut: {
    refresh:
      "A refresh gives a new JWT for the same session token: nothing rotates and nothing is stored, so a stolen token is not noticed.",
  },
  database: "better-auth.db",
  async prepare() {
    const script = await nodeProgram("better-auth");
    return async (folder, port) => {
      const service = await startProgram(port, folder, {
        command: [process.execPath, script],
        environment: { PORT: String(port), NODE_ENV: "production", ...environment },
      });
      return {
        ...service,
        login: ({ email, password }) => post("/api/auth/sign-in/email", { email, password }, origin(port)),
        refreshToken: member("token"),
        refresh: {
          head: ["GET /api/auth/token HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer {token}"],
        },
        me: (answered) => bearerRequest("/api/auth/get-session", member("token")(answered)),
      };
    };
  },
  async fill({ port }) {
    const connection = await Connection.open(port);
    for (const { username: name, email, password } of people) {
      const request = post("/api/auth/sign-up/email", { name, email, password }, origin(port));
      const { status, body } = await connection.send(Buffer.from(request));
      if (status !== 200) throw new Error(`the user was not added: ${status} ${body}`);
    }
    connection.close();
  },
}));

const origin = (port: number) => [`Origin: http://127.0.0.1:${port}`];
