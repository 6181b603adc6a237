import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Person } from "@latchkey/testkit/oauth/person";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";

/** A browser. Its person signs in and allows every authorization request that a program opens there. */
export class Browser implements AsyncDisposable {
  /** The addresses that were opened, oldest first. */
  readonly opened: string[] = [];
  /** Environment of a program that opens addresses with the browser of its user. */
  readonly env: Readonly<Record<string, string>>;
  readonly #person: Person;
  readonly #server: Server;
  readonly #folder: string;
  readonly #failures: unknown[] = [];

  private constructor(person: Person, server: Server, port: number) {
    this.#person = person;
    this.#server = server;
    this.#folder = mkdtempSync(join(tmpdir(), "latchkey-browser-"));
    const command = join(this.#folder, "browser");
    writeFileSync(command, `#!/bin/sh\nexec curl -fsS --data-binary "$1" http://127.0.0.1:${port}/\n`);
    chmodSync(command, 0o755);
    this.env = { BROWSER: command };
  }

  static async of(person: Person): Promise<Browser> {
    const server = createServer();
    const browser = new Browser(person, server, await listenLocally(server));
    server.on("request", async (request, response) => {
      const address = await text(request);
      response.writeHead(204).end();
      void browser.open(address);
    });
    return browser;
  }

  /** Opens an authorization request. The client's own address gets the answer. */
  async open(address: string): Promise<void> {
    this.opened.push(address);
    try {
      await this.#person.allow(address);
    } catch (error) {
      this.#failures.push(error);
    }
  }

  /** @throws the first failure of an opened address */
  assertNoFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeNow(this.#server);
    rmSync(this.#folder, { recursive: true });
  }
}
