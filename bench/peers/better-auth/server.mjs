// better-auth behind node:http, with its plugins for bearer tokens and JWTs. `ARGON2ID=1` replaces its scrypt.
import { createServer } from "node:http";
import { hash, verify } from "@node-rs/argon2";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import Database from "better-sqlite3";

const port = Number(process.env.PORT);
const database = new Database("better-auth.db");
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
const argon2id = {
  hash: (password) => hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 }),
  verify: ({ hash: stored, password }) => verify(stored, password),
};
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "only for measuring, and the same everywhere",
  database,
  emailAndPassword: { enabled: true, ...(process.env.ARGON2ID && { password: argon2id }) },
  plugins: [bearer(), jwt()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
createServer(toNodeHandler(auth)).listen(port, "127.0.0.1");
