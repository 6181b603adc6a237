import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimsOf, send } from "../api/api-case.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
beforeAll(async () => {
  world = await adminWorld({ MAILBOX: "on", SIGN_UP: "invitation" });
  root = await world.tokenOf("root");
});
afterAll(() => world[Symbol.asyncDispose]());

let count = 0;
const newAddress = () => `guest${count++}@example.org`;

/** Sends an invitation. @returns the answer */
async function invite(token = root, body: object = {}) {
  const invitation = { email: newAddress(), ...body };
  const answer = await world.ask(token, { method: "POST", path: "/invitations", body: invitation });
  expect(answer.status).toBe(202);
  return answer.body;
}

/** The token of the link in the mail to an address. */
async function linkTo(email: unknown): Promise<string> {
  let link: string | undefined;
  await until(`a mail to ${email}`, async () => {
    const page = await (await fetch(`${world.server.url}/mailbox`)).text();
    const mail = page.split('<section class="message">').find((one) => one.includes(String(email)));
    link = /lkl_[\w-]+/.exec(mail ?? "")?.[0];
    return link !== undefined;
  });
  return link ?? "";
}

const join = (link: string) =>
  send(world.server, "/auth", {
    method: "POST",
    path: "/join",
    body: { link, username: `guest${count++}`, password: "orange tractor sings" },
  });

/** Expects the answer of every link that cannot be used, and a log that says why without the link. */
async function expectInvalid(link: string, reason: string): Promise<void> {
  const lines = world.server.logged().length;
  world.server.newEvents();
  const answer = await join(link);
  const forged = await join(`lkl_${"A".repeat(43)}`);
  expect(answer).toMatchObject({ status: 400, body: { code: "invalid_link" } });
  expect(answer.body).toEqual(forged.body);
  expect(world.server.newEvents()).toEqual([]);
  const log = world.server.logged().slice(lines);
  expect(log).toContainEqual(expect.objectContaining({ reason }));
  expect(JSON.stringify(log)).not.toContain(link);
}

describe("invitations", () => {
  test("are listed page by page with their inviters, and without their links", async () => {
    const machine = await world.machine("users:write");
    const program = await world.clientOf("root", "users:write roles:write");
    const sent = [
      await invite(root, { roles: ["user", "editor"] }),
      await invite(machine),
      await invite(program),
    ];
    expect(sent).toMatchObject([
      { roles: ["user", "editor"], invited_by: "user:root" },
      { roles: ["user"], invited_by: claimsOf(machine)["sub"] },
      { roles: ["user"], invited_by: "user:root" },
    ]);
    const [first] = sent;
    const lifetime = Date.parse(String(first?.["expires_at"])) - Date.parse(String(first?.["created_at"]));
    expect(lifetime).toBe(7 * 86_400_000);
    const found: unknown[] = [];
    for (let cursor = ""; ; ) {
      const path = `/invitations?limit=1${cursor}` as const;
      const { text } = await world.ask(await world.tokenOf("argus"), { method: "GET", path });
      expect(text).not.toContain("lkl_");
      const { items, next } = JSON.parse(text);
      expect(items).toHaveLength(1);
      found.push(...items);
      if (next === undefined) break;
      cursor = `&cursor=${next}`;
    }
    expect(found).toHaveLength(sent.length);
    expect(found).toEqual(expect.arrayContaining(sent));
  });

  test("have cursors of their own", async () => {
    for (let number = 0; number < 2; number++) {
      await invite();
      await world.machine("users:read");
    }
    for (const [list, other] of [
      ["invitations", "clients"],
      ["clients", "invitations"],
    ]) {
      const { body } = await world.ask(root, { method: "GET", path: `/${list}?limit=1` });
      await world.expectAnswer(
        root,
        { method: "GET", path: `/${other}?cursor=${body["next"]}` },
        { status: 400, code: "invalid_cursor" },
      );
    }
  });

  test("to one mailbox are five an hour, and a repeat under a key is none", async () => {
    const email = newAddress();
    const request = { method: "POST", path: "/invitations", body: { email } } as const;
    const headers = { "idempotency-key": email };
    const first = await world.ask(root, { ...request, headers });
    for (let time = 0; time < 6; time++)
      expect((await world.ask(root, { ...request, headers })).body).toEqual(first.body);
    for (let time = 0; time < 4; time++) await invite(root, { email });
    await world.expectAnswer(await world.machine("users:write"), request, {
      status: 429,
      code: "rate_limited",
      headers: {
        "retry-after": /^3600$/,
        ratelimit: /^"invitation";r=0;t=3600$/,
        "ratelimit-policy": /^"invitation";q=5;w=3600$/,
      },
    });
  });

  test("that are withdrawn open nothing, and are gone", async () => {
    const { id, email } = await invite();
    const link = await linkTo(email);
    const request = { method: "DELETE", path: `/invitations/${String(id)}` } as const;
    await world.expectAnswer(await world.tokenOf("helen"), request, {
      status: 200,
      exactly: { message: "Withdrawn" },
      events: ["user.uninvited"],
    });
    await expectInvalid(link, "used, expired or unknown");
    await world.expectAnswer(root, request, { status: 404, code: "not_found" });
    const { text } = await world.ask(root, { method: "GET", path: "/invitations?limit=1000" });
    expect(text).not.toContain(String(email));
  });

  test("to other roles than user are withdrawn with the powers to send them", async () => {
    const { id, email } = await invite(root, { roles: ["user", "admin"] });
    const request = { method: "DELETE", path: `/invitations/${String(id)}` } as const;
    for (const token of [await world.tokenOf("helen"), await world.machine("users:write")])
      await world.expectAnswer(token, request, { status: 403, code: "forbidden" });
    const { text } = await world.ask(root, { method: "GET", path: "/invitations?limit=1000" });
    expect(text).toContain(String(email));
    await world.expectAnswer(root, request, {
      status: 200,
      exactly: { message: "Withdrawn" },
      events: ["user.uninvited"],
    });
  });

  test("of a user end with the role, and go on with it", async () => {
    const token = await world.tokenOf("helen");
    const link = await linkTo((await invite(token))["email"]);
    const setRoles = async (roles: readonly string[]) => {
      const request = { method: "PATCH", path: "/users/user:helen", body: { roles } } as const;
      expect((await world.ask(root, request)).status).toBe(200);
    };
    await setRoles(["user"]);
    await expectInvalid(link, "the inviter has lost a power");
    await setRoles(["support"]);
    expect(await join(link)).toMatchObject({ status: 201, body: { roles: ["user"] } });
  });

  test("of a machine and of a program end with its block", async () => {
    for (const token of [await world.machine("users:write"), await world.clientOf("root", "users:write")]) {
      const link = await linkTo((await invite(token))["email"]);
      const path = `/clients/${String(claimsOf(token)["client_id"])}/block` as const;
      expect((await world.ask(root, { method: "POST", path })).status).toBe(200);
      await expectInvalid(link, "the client of the inviter is blocked or removed");
    }
  });
});
