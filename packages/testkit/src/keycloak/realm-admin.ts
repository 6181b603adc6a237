import { bootstrapAdmin } from "./keycloak-process.ts";

/** Administers a Keycloak over its REST API, for changes that a realm file cannot make. */
export class RealmAdmin {
  readonly #url: string;
  readonly #login: { readonly username: string; readonly password: string };

  constructor(url: string, login: { readonly username: string; readonly password: string } = bootstrapAdmin) {
    this.#url = url;
    this.#login = login;
  }

  /** Imports a realm and replaces one of the same name. */
  async importRealm(realm: { readonly realm: string; readonly users?: readonly object[] }): Promise<void> {
    await this.removeRealm(realm.realm);
    await this.#call("POST", "", realm);
  }

  async removeRealm(name: string): Promise<void> {
    await this.#call("DELETE", `/${name}`, undefined, [204, 404]);
  }

  /** Changes some members of a realm and leaves the rest. */
  async changeRealm(name: string, change: object): Promise<void> {
    await this.#call("PUT", `/${name}`, change);
  }

  /** Adds a signing key to a realm. The key with the highest priority signs. */
  async addKey(realm: string, provider: KeyProvider, priority: number): Promise<void> {
    const { providerId } = provider;
    await this.#call("POST", `/${realm}/components`, {
      name: `${providerId} ${priority}`,
      providerId,
      providerType: "org.keycloak.keys.KeyProvider",
      config: { priority: [String(priority)], enabled: ["true"], active: ["true"], ...provider.config },
    });
  }

  /** Removes the signing keys below a priority. */
  async removeKeys(realm: string, keep: number): Promise<void> {
    const keys = await this.#list(`/${realm}/components?type=org.keycloak.keys.KeyProvider`);
    for (const { id, providerId, config } of keys) {
      const signs = /^(rsa|ecdsa)-generated$/.test(String(providerId));
      if (signs && priorityIn(config) < keep) await this.#call("DELETE", `/${realm}/components/${id}`);
    }
  }

  async changeUser(realm: string, username: string, change: object): Promise<void> {
    const { id } = await this.#user(realm, username);
    await this.#call("PUT", `/${realm}/users/${id}`, change);
  }

  async changeClient(realm: string, clientId: string, change: object): Promise<void> {
    const [client] = await this.#list(`/${realm}/clients?clientId=${clientId}`);
    if (client === undefined) throw new Error(`no client ${clientId}`);
    await this.#call("PUT", `/${realm}/clients/${client.id}`, { ...client, ...change });
  }

  /** Adds a user. The default required actions of the realm apply. */
  async addUser(realm: string, user: object): Promise<void> {
    await this.#call("POST", `/${realm}/users`, user);
  }

  /** Gives a user a role of the realm. */
  async addRole(realm: string, username: string, role: string): Promise<void> {
    const { id } = await this.#user(realm, username);
    const found = await this.#call("GET", `/${realm}/roles/${role}`);
    if (!isResource(found)) throw new Error(`no role ${role}`);
    await this.#call("POST", `/${realm}/users/${id}/role-mappings/realm`, [found]);
  }

  /** Changes a required action, such as `CONFIGURE_TOTP`. */
  async changeRequiredAction(realm: string, alias: string, change: object): Promise<void> {
    const path = `/${realm}/authentication/required-actions/${alias}`;
    const action = await this.#call("GET", path);
    await this.#call("PUT", path, { ...(typeof action === "object" && action), ...change });
  }

  /** Ends all sessions of a user, as an administrator does. */
  async endSessions(realm: string, username: string): Promise<void> {
    const { id } = await this.#user(realm, username);
    await this.#call("POST", `/${realm}/users/${id}/logout`);
  }

  /** How many sessions a user has. */
  async sessions(realm: string, username: string): Promise<number> {
    const { id } = await this.#user(realm, username);
    return (await this.#list(`/${realm}/users/${id}/sessions`)).length;
  }

  async #user(realm: string, username: string): Promise<Resource> {
    const query = `exact=true&username=${encodeURIComponent(username)}`;
    const [user] = await this.#list(`/${realm}/users?${query}`);
    if (user === undefined) throw new Error(`no user ${username}`);
    return user;
  }

  async #list(path: string): Promise<Resource[]> {
    const answer: unknown = await this.#call("GET", path);
    if (!Array.isArray(answer) || !answer.every(isResource)) throw new Error(`GET ${path}: not a list`);
    return answer;
  }

  async #call(method: string, path: string, body?: object, expected = [200, 201, 204]): Promise<unknown> {
    const response = await fetch(`${this.#url}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#token()}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!expected.includes(response.status)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async #token(): Promise<string> {
    const body = new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...this.#login });
    const token = `${this.#url}/realms/master/protocol/openid-connect/token`;
    const answer: unknown = await (await fetch(token, { method: "POST", body })).json();
    if (!hasText(answer, "access_token")) throw new Error("the administrator's login failed");
    return answer.access_token;
  }
}

/** A user, client, session or component, with other members besides. */
interface Resource {
  readonly id: string;
  readonly [member: string]: unknown;
}

function isResource(value: unknown): value is Resource {
  return hasText(value, "id");
}

function hasText<Name extends string>(value: unknown, name: Name): value is Readonly<Record<Name, string>> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "string";
}

/** The priority in a component's configuration, which is a list of one text. */
function priorityIn(config: unknown): number {
  const priority: unknown = typeof config === "object" && config !== null && Reflect.get(config, "priority");
  return Array.isArray(priority) ? Number(priority[0]) : 0;
}

/** A kind of key that Keycloak generates. */
export interface KeyProvider {
  readonly providerId: "rsa-generated" | "ecdsa-generated";
  readonly config: Readonly<Record<string, readonly string[]>>;
}
