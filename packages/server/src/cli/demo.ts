import { assertOauthEncrypted } from "../config/assert-secure.ts";
import type { Config } from "../config/config.ts";
import { mailWay } from "../config/mail-way.ts";
import { isLoopback } from "../core/throttle/addresses.ts";
import type { Given } from "./command.ts";
import { CommandProblem } from "./failures.ts";
import { runServer } from "./server-process.ts";

const people = [
  {
    person: {
      username: "alice",
      email: "alice@example.com",
      displayName: "Alice",
      roles: ["user", "premium"],
    },
    password: "alice123",
  },
  {
    person: { username: "admin", email: "admin@example.com", displayName: "Administrator", roles: ["admin"] },
    password: "admin123",
  },
];

/** `latchkey demo`: a server in memory with well-known users, for this machine only. */
export async function demoCommand({ config }: Given): Promise<void> {
  if (!isLoopback(config.host)) {
    throw new CommandProblem(
      `--host ${config.host}: the demo has well-known passwords, so it listens only on this machine; use \`latchkey serve\``,
    );
  }
  assertOauthEncrypted(config);
  const settings = settingsOf(config);
  const { url } = await runServer(
    { ...settings, provider: "local", database: { engine: "memory" }, secret: undefined },
    async (users) => {
      for (const { person, password } of people) await users.addForDemo(person, password);
    },
  );
  process.stdout.write(banner(url, settings));
}

/** Without a way for mails, they stay in memory, and `/mailbox` shows them. */
function settingsOf(config: Config): Config {
  return mailWay(config) === undefined ? { ...config, mailbox: "on" } : config;
}

function banner(url: string, { docs, mailbox, accountPages }: Config): string {
  const pages = [
    ...(docs === "on" ? [`docs at ${url}/docs`] : []),
    ...(accountPages === "on" ? [`own account at ${url}/account`] : []),
    ...(mailbox === "on" ? [`mails at ${url}/mailbox`] : []),
  ];
  return `
  Latchkey demo at ${url}
${pages.map((page) => `    ${page}\n`).join("")}
  All data is in memory and is lost when the demo stops. Never expose it to a network.

  Users:  alice / alice123 (user, premium)    admin / admin123 (admin)

  Try it:

TOKEN=$(curl -s ${url}/auth/login -H 'Content-Type: application/json' -d '{"username":"alice","password":"alice123"}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
curl -s ${url}/auth/me -H "Authorization: Bearer $TOKEN"
curl -s -X POST ${url}/auth/logout -H "Authorization: Bearer $TOKEN"

`;
}
