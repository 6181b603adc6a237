import { readFileSync } from "node:fs";
import { pathWithGo } from "@latchkey/testkit/go-toolchain";
import { Connection } from "../connection.ts";
import { post } from "../requests.ts";
import { type Contestant, member, people } from "./contestant.ts";
import { goProgram } from "./installed.ts";
import { startProgram } from "./program.ts";

const module = readFileSync(new URL("pocketbase/go.mod", import.meta.url), "utf8");
const users = "/api/collections/users";

/** PocketBase as a program of its own, with its collection `users`. */
export const pocketbase: Contestant = {
  id: "pocketbase",
  name: "PocketBase",
  version: /pocketbase\/pocketbase v(\S+)/.exec(module)?.[1] ?? "unknown",
  configuration:
    "Built from its Go module, with its defaults: bcrypt with cost 10, SQLite with `synchronous = normal`. Its rate limit is off, as it is by default.",
  leavesOut: {
    login: "bcrypt with cost 10 needs no memory, so an attacker with graphics cards tries more passwords.",
    refresh:
      "A refresh stores nothing: the old token stays valid until it expires, and a stolen one is not noticed.",
    bytes: "It stores devices, no sessions: a single session cannot be listed or ended.",
  },
  database: "pb_data/data.db",
  async prepare() {
    const program = await goProgram("pocketbase", await pathWithGo(26));
    return async (folder, port) => {
      const http = `127.0.0.1:${port}`;
      const service = await startProgram(port, folder, {
        command: [program, "serve", `--http=${http}`, `--dir=${folder}/pb_data`],
      });
      return {
        ...service,
        login: ({ email, password }) => post(`${users}/auth-with-password`, { identity: email, password }),
        refreshToken: member("token"),
        refresh: {
          head: [`POST ${users}/auth-refresh HTTP/1.1`, "Host: 127.0.0.1", "Authorization: {token}"],
          body: "",
          next: "token",
        },
        me: ({ body }) => {
          const { token, record }: { token: string; record: { id: string } } = JSON.parse(body);
          const lines = [
            `GET ${users}/records/${record.id} HTTP/1.1`,
            "Host: 127.0.0.1",
            `Authorization: ${token}`,
          ];
          return `${lines.join("\r\n")}\r\n\r\n`;
        },
      };
    };
  },
  async fill({ port }) {
    const connection = await Connection.open(port);
    for (const { username, email, password } of people) {
      const record = { name: username, email, password, passwordConfirm: password };
      const { status, body } = await connection.send(Buffer.from(post(`${users}/records`, record)));
      if (status !== 200) throw new Error(`the user was not added: ${status} ${body}`);
    }
    connection.close();
  },
};
