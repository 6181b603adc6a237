// oidc-provider with a SQLite adapter of the form that its documentation describes. It issues the refresh tokens of
// one client at its start, because it has no login by password.
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { Provider } from "oidc-provider";

const port = Number(process.env.PORT);
const database = new Database("oidc-provider.db");
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec(`
  create table if not exists models (
    name text, id text, payload text, grant_id text, uid text, user_code text, expires_at integer, consumed_at integer,
    primary key (name, id)
  ) without rowid;
  create index if not exists models_grant on models (grant_id);
`);
const prepared = {
  upsert: database.prepare("insert or replace into models values (?, ?, ?, ?, ?, ?, ?, null)"),
  find: database.prepare(
    "select payload, consumed_at from models where name = ? and id = ? and expires_at > ?",
  ),
  findBy: {
    uid: database.prepare("select payload, consumed_at from models where name = ? and uid = ?"),
    user_code: database.prepare("select payload, consumed_at from models where name = ? and user_code = ?"),
  },
  consume: database.prepare("update models set consumed_at = ? where name = ? and id = ?"),
  destroy: database.prepare("delete from models where name = ? and id = ?"),
  revoke: database.prepare("delete from models where grant_id = ?"),
};
const now = () => Math.floor(Date.now() / 1000);
const read = (row) =>
  row && { ...JSON.parse(row.payload), ...(row.consumed_at && { consumed: row.consumed_at }) };

class Adapter {
  constructor(name) {
    this.name = name;
  }
  async upsert(id, payload, expiresIn) {
    const { grantId, uid, userCode } = payload;
    const values = [grantId ?? null, uid ?? null, userCode ?? null, now() + (expiresIn ?? 3_000_000_000)];
    prepared.upsert.run(this.name, id, JSON.stringify(payload), ...values);
  }
  async find(id) {
    return read(prepared.find.get(this.name, id, now()));
  }
  async findByUid(uid) {
    return read(prepared.findBy.uid.get(this.name, uid));
  }
  async findByUserCode(code) {
    return read(prepared.findBy.user_code.get(this.name, code));
  }
  async consume(id) {
    prepared.consume.run(now(), this.name, id);
  }
  async destroy(id) {
    prepared.destroy.run(this.name, id);
  }
  async revokeByGrantId(grantId) {
    prepared.revoke.run(grantId);
  }
}

/** One key for all starts. */
function signingKey() {
  if (!existsSync("key.json")) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync("key.json", JSON.stringify(privateKey.export({ format: "jwk" })), { mode: 0o600 });
  }
  return JSON.parse(readFileSync("key.json", "utf8"));
}

const clientId = "bench";
const clientSecret = "only for measuring";
const scope = "openid offline_access email";
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Adapter,
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["https://client.example.com/"],
      token_endpoint_auth_method: "client_secret_post",
    },
  ],
  cookies: { keys: ["only for measuring"] },
  jwks: { keys: [signingKey()] },
  claims: { email: ["email"] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, email: `${accountId}@example.com` }),
  }),
  rotateRefreshToken: true,
});

async function issue(accountId) {
  const client = await provider.Client.find(clientId);
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId,
    authTime: now(),
    client,
    expiresWithSession: false,
    grantId,
    gty: "authorization_code",
    scope,
  });
  return token.save();
}

const tokens = [];
for (let number = 0; number < 64; number++) tokens.push(await issue(`person${number}`));
writeFileSync("tokens.json", JSON.stringify(tokens), { mode: 0o600 });
provider.listen(port, "127.0.0.1");
