import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import * as oauth from "oauth4webapi";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Credentials,
  claimsOf,
  discover,
  errorOf,
  introspected,
  onThisMachine,
} from "./strict-client.ts";
import { engines, type World, Worlds } from "./world.ts";

const guardKey = "a-key-for-the-guards-of-this-test-0123456789";
const grants = ["--grant", "client_credentials", "--role", "robot"];

const worlds = new Worlds();

describe.each(engines)("a machine with oauth4webapi on %s", (engine) => {
  let world: World;
  let server: oauth.AuthorizationServer;
  let resource: string;

  beforeAll(async () => {
    world = await worlds.make(engine, { LATCHKEY_GUARD_KEYS: guardKey });
    server = await discover(world.issuer);
    resource = world.servers["its own tools"];
  });

  async function machineToken({ client, authentication }: Credentials): Promise<string> {
    const answer = await oauth.clientCredentialsGrantRequest(
      ...[server, client, authentication, { resource }],
      onThisMachine,
    );
    return (await oauth.processClientCredentialsResponse(server, client, answer)).access_token;
  }

  /** The token names the machine, and dies with it. */
  async function expectMachine(credentials: Credentials): Promise<void> {
    const clientId = credentials.client.client_id;
    const token = await machineToken(credentials);
    expect(await claimsOf(server, token, resource)).toMatchObject({
      sub: clientId,
      client_id: clientId,
      roles: ["robot"],
    });
    await world.operator(["client", "block", clientId]);
    expect(await errorOf(machineToken(credentials))).toBe("invalid_client");
    await expect
      .poll(() => introspected(server, guardKey, token), { timeout: 5_000 })
      .toMatchObject({ active: false });
  }

  test("gets a token with its secret, until it is blocked", async () => {
    const { id, secret } = await world.addClient("robot with secret", ["--secret", ...grants]);
    await expectMachine({ client: { client_id: id }, authentication: oauth.ClientSecretBasic(secret) });
  });

  test("gets a token with its key, until it is blocked", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const file = world.path(`${engine}.pem`);
    writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
    const { id } = await world.addClient("robot with key", ["--public-key", file, ...grants]);
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = privateKey.toCryptoKey(algorithm, false, ["sign"]);
    await expectMachine({ client: { client_id: id }, authentication: oauth.PrivateKeyJwt(key) });
  });
});
