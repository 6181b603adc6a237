import { version } from "../../packages/server/src/core/version.ts";
import { Connection } from "../connection.ts";
import { administrator, loginRequest, meRequest, post, refreshing, signIn } from "../requests.ts";
import { type Contestant, member, people } from "./contestant.ts";
import { startProgram } from "./program.ts";

const command = new URL("../../packages/server/dist/bin/latchkey.js", import.meta.url).pathname;
const unlimited = "1000000/1h";

/** This checkout, as the built package. */
export const latchkey: Contestant = {
  id: "latchkey",
  name: "Latchkey",
  version,
  configuration:
    "The built package with its defaults: argon2id with 19 MiB and 2 iterations, SQLite with every commit flushed. The throttles are lifted, because one address makes the load.",
  leavesOut: {},
  database: "latchkey.db",
  async prepare() {
    return async (folder, port) => {
      const service = await startProgram(port, folder, {
        command: [process.execPath, command, "serve", "--port", String(port), "--database", "latchkey.db"],
        environment: {
          LATCHKEY_ADMIN_PASSWORD: administrator.password,
          LATCHKEY_THROTTLE_PAIR: unlimited,
          LATCHKEY_THROTTLE_ACCOUNT: unlimited,
          LATCHKEY_THROTTLE_ADDRESS: unlimited,
        },
      });
      return {
        ...service,
        login: ({ username, password }) => loginRequest(username, password),
        refreshToken: member("refresh_token"),
        refresh: refreshing,
        me: (answered) => meRequest(member("access_token")(answered)),
      };
    };
  },
  async fill({ port }) {
    const [tokens] = await signIn(port, 1);
    const connection = await Connection.open(port);
    const bearer = [`Authorization: Bearer ${tokens?.access_token}`];
    for (const { username, email, password } of people) {
      const request = post("/admin/v1/users", { username, email, password }, bearer);
      const { status, body } = await connection.send(Buffer.from(request));
      if (status !== 201) throw new Error(`the user was not added: ${status} ${body}`);
    }
    connection.close();
  },
};
