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
    const keys = await this.#call("GET", `/${realm}/components?type=org.keycloak.keys.KeyProvider`);
    for (const { id, config, providerId } of keys as Component[]) {
      const signs = /^(rsa|ecdsa)-generated$/.test(providerId);
      if (signs && Number(config["priority"]?.[0] ?? 0) < keep) {
        await this.#call("DELETE", `/${realm}/components/${id}`);
      }
    }
  }

  async changeUser(realm: string, username: string, change: object): Promise<void> {
    const { id } = await this.#user(realm, username);
    await this.#call("PUT", `/${realm}/users/${id}`, change);
  }

  async changeClient(realm: string, clientId: string, change: object): Promise<void> {
    const [client] = (await this.#call("GET", `/${realm}/clients?clientId=${clientId}`)) as { id: string }[];
    await this.#call("PUT", `/${realm}/clients/${client?.id}`, { ...client, ...change });
  }

  /** How many sessions a user has. */
  async sessions(realm: string, username: string): Promise<number> {
    const { id } = await this.#user(realm, username);
    return ((await this.#call("GET", `/${realm}/users/${id}/sessions`)) as unknown[]).length;
  }

  async #user(realm: string, username: string): Promise<{ id: string }> {
    const query = `exact=true&username=${encodeURIComponent(username)}`;
    const [user] = (await this.#call("GET", `/${realm}/users?${query}`)) as { id: string }[];
    if (user === undefined) throw new Error(`no user ${username}`);
    return user;
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
    const answer = (await (await fetch(token, { method: "POST", body })).json()) as { access_token?: string };
    if (answer.access_token === undefined) throw new Error("the administrator's login failed");
    return answer.access_token;
  }
}

interface Component {
  readonly id: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, readonly string[]>>;
}

/** A kind of key that Keycloak generates. */
export interface KeyProvider {
  readonly providerId: "rsa-generated" | "ecdsa-generated";
  readonly config: Readonly<Record<string, readonly string[]>>;
}
