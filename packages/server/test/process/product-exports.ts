import { firebaseVector, foreignVectors } from "../core/foreign-vectors.ts";

/** The export of a product with one user, in a form that its documentation shows. */
interface ProductExport {
  /** The value of `--from`. */
  readonly product: string;
  readonly form: string;
  /** The content of each file that the command names. */
  readonly files: Readonly<Record<string, string>>;
  /** The user as a login answers, in part. */
  readonly user: { readonly email: string; readonly [field: string]: unknown };
  /** Default: that of the vectors. */
  readonly password?: string;
}

const vector = (origin: string) => foreignVectors.find(([name]) => name === origin)?.[1] ?? "";
const bcrypt = vector("passlib bcrypt 2b");
const createdAt = "2024-03-01T12:30:00.000Z";

const lines = (...rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** CSV as PostgreSQL's `copy … with csv header` writes it: a field with a quote or a comma stands in quotes. */
function csv(...rows: readonly Readonly<Record<string, string>>[]): string {
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => Object.values(row))]
    .map((cells) => `${cells.map(cell).join()}\n`)
    .join("");
}

/** https://www.keycloak.org/server/importExport: a realm with its users. The two texts of a credential are JSON. */
function keycloakRealm(): string {
  const [, iterations, salt = "", key] = vector("Django PBKDF2").split("$");
  const credential = {
    ...{ id: "0f1c9c1e-6f43-4b21-8f0a-7d6c5b4a3921", type: "password", createdDate: Date.parse(createdAt) },
    secretData: JSON.stringify({
      value: key,
      salt: Buffer.from(salt).toString("base64"),
      additionalParameters: {},
    }),
    credentialData: JSON.stringify({
      hashIterations: Number(iterations),
      algorithm: "pbkdf2-sha256",
      additionalParameters: {},
    }),
  };
  const user = {
    ...{ id: "f3b1b2c4-5a0e-4d7c-9b34-0b6d2f1c9a11", username: "kay", firstName: "Kay", lastName: "Cloak" },
    ...{ email: "kay@example.com", emailVerified: true, createdTimestamp: Date.parse(createdAt) },
    ...{ enabled: true, totp: false, credentials: [credential], disableableCredentialTypes: [] },
    ...{ requiredActions: [], realmRoles: ["default-roles-notes", "editor"], notBefore: 0, groups: [] },
  };
  const service = {
    ...{ id: "s", username: "service-account-notes", serviceAccountClientId: "notes", enabled: true },
  };
  return pretty({ id: "notes", realm: "notes", enabled: true, users: [user, service], scopeMappings: [] });
}

/** https://auth0.com/docs/manage-users/user-migration: both files have one JSON object on each line. */
const auth0 = {
  users: lines({
    ...{ user_id: "auth0|5dea9f9c82dd7c0e76e4ec93", email: "otto@example.com", email_verified: true },
    ...{ name: "Otto Zero", nickname: "otto", created_at: createdAt, updated_at: createdAt },
    identities: [{ connection: "Username-Password-Authentication", provider: "auth0", isSocial: false }],
  }),
  hashes: lines({
    ...{ _id: { $oid: "5dea9f9c82dd7c0e76e4ec93" }, email_verified: true, email: "otto@example.com" },
    ...{ passwordHash: bcrypt, password_set_date: { $date: createdAt }, tenant: "example" },
    ...{ connection: "Username-Password-Authentication", _tmp_is_unique: true },
  }),
};

/** https://firebase.google.com/docs/cli/auth: one object with the key `users`, and the parameters of the console. */
const firebase = {
  users: pretty({
    users: [
      {
        ...{ localId: "Zk2", email: "fay@example.com", emailVerified: true, displayName: "Fay Base" },
        ...{ passwordHash: firebaseVector.hash, salt: firebaseVector.salt, disabled: false },
        ...{ lastSignedInAt: "1709296200000", createdAt: "1709296200000", providerUserInfo: [] },
      },
      { localId: "Zk3", lastSignedInAt: "1709296200000", createdAt: "1709296200000", providerUserInfo: [] },
    ],
  }),
  config: `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: ${firebaseVector.signerKey},
  base64_salt_separator: ${firebaseVector.separator},
  rounds: 8,
  mem_cost: 14,
}
`,
};

/** The columns of `auth.users` that https://supabase.com/docs/guides/auth/managing-user-data reads. */
const supabaseUser = {
  ...{ instance_id: "00000000-0000-0000-0000-000000000000", id: "9a3c9d7e-6f0e-4b2c-8f4a-0f7f1f3e2d10" },
  ...{ aud: "authenticated", role: "authenticated", email: "sue@example.com", encrypted_password: bcrypt },
  ...{ email_confirmed_at: "2024-03-01 12:31:00.5+00", last_sign_in_at: "" },
  raw_app_meta_data: '{"provider": "email", "providers": ["email"]}',
  raw_user_meta_data: '{"full_name": "Sue Base"}',
  ...{ created_at: "2024-03-01 12:30:00+00", banned_until: "", is_anonymous: "f", deleted_at: "" },
};

/** https://www.ory.com/docs/kratos/reference/api: an identity with its password. */
const identity = (email: string) => ({
  schema_id: "default",
  state: "active",
  traits: { email, name: { first: "Kari", last: "Tos" } },
  verifiable_addresses: [{ value: email, verified: true, via: "email", status: "completed" }],
  credentials: {
    password: {
      type: "password",
      identifiers: [email],
      config: { hashed_password: bcrypt },
      version: 0,
    },
  },
});
const kratosId = "7458af86-c1d8-401c-978a-8da89133f78b";
const kari = "kari@example.com";

/** The tables of https://www.better-auth.com/docs/concepts/database. The hash was made by better-auth 1.7. */
const betterAuth = {
  user: csv({
    ...{ id: "kq3XvP", name: "Bea Auth", email: "bea@example.com", emailVerified: "1", image: "" },
    ...{ createdAt, updatedAt: createdAt },
  }),
  account: csv({
    ...{ id: "a1", accountId: "kq3XvP", providerId: "credential", userId: "kq3XvP" },
    password:
      "75c6f7ae9b856918578a0b86c48f2c4d:7b379cc5fc471e7bc0474a030dc1c2652959b31f0b659f866be5e4c9ccaa5a871fabda2e24da41ae484205fdd06837a67b2ff50735aec269e6bc04f0eef43507",
    ...{ createdAt, updatedAt: createdAt },
  }),
};

/** Every product, each form of its export with a user of its own. */
export const exportsOf: readonly ProductExport[] = [
  {
    ...{ product: "keycloak", form: "a realm" },
    files: { "realm.json": keycloakRealm() },
    user: { email: "kay@example.com", username: "kay", display_name: "Kay Cloak" },
  },
  {
    ...{ product: "auth0", form: "users and hashes" },
    files: { "users.json": auth0.users, "hashes.json": auth0.hashes },
    user: { email: "otto@example.com", id: "auth0|5dea9f9c82dd7c0e76e4ec93", display_name: "Otto Zero" },
  },
  {
    ...{ product: "firebase", form: "users and parameters" },
    files: { "users.json": firebase.users, "config.txt": firebase.config },
    user: { email: "fay@example.com", id: "Zk2", display_name: "Fay Base" },
    password: firebaseVector.password,
  },
  {
    ...{ product: "supabase", form: "the table as CSV" },
    files: { "users.csv": csv(supabaseUser) },
    user: { email: "sue@example.com", id: supabaseUser.id, display_name: "Sue Base" },
  },
  {
    ...{ product: "kratos", form: "identities of the admin API" },
    files: { "identities.json": pretty([{ id: kratosId, ...identity(kari), created_at: createdAt }]) },
    user: { email: kari, id: kratosId, display_name: "Kari Tos" },
  },
  {
    ...{ product: "kratos", form: "a page of the command line" },
    files: {
      "identities.json": pretty({
        identities: [{ id: "7458af86-0002", ...identity("kira@example.com") }],
        next_page_token: "",
      }),
    },
    user: { email: "kira@example.com", id: "7458af86-0002" },
  },
  {
    ...{ product: "kratos", form: "the body of an import" },
    files: { "identities.json": pretty({ identities: [{ create: identity("kurt@example.com") }] }) },
    user: { email: "kurt@example.com", username: "kurt" },
  },
  {
    ...{ product: "better-auth", form: "two tables" },
    files: { "user.csv": betterAuth.user, "account.csv": betterAuth.account },
    user: { email: "bea@example.com", id: "kq3XvP", display_name: "Bea Auth" },
  },
];
