import { randomUUID } from "node:crypto";
import type { Browser } from "../browser.ts";
import type { Opening } from "./typescript-connection.ts";

/**
 * The part of a program on the TypeScript SDK: a memory for registration and tokens, and a browser. Both major
 * versions ask for the same members, with types of their own.
 */
export class MemoryProvider<Registration, Tokens, Discovery> {
  readonly redirectUrl: string;
  readonly clientMetadata;
  readonly clientMetadataUrl?: string;
  readonly #browser: Browser;
  #registration: Registration | undefined;
  #tokens: Tokens | undefined;
  #discovery: Discovery | undefined;
  #verifier = "";
  #state = "";

  constructor({ clientName, documentUrl, callback, browser }: Opening) {
    if (documentUrl !== undefined) this.clientMetadataUrl = documentUrl;
    this.redirectUrl = callback.address;
    this.clientMetadata = {
      client_name: clientName,
      redirect_uris: [callback.address],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
    this.#browser = browser;
  }

  clientInformation(): Registration | undefined {
    return this.#registration;
  }

  saveClientInformation(registration: Registration): void {
    this.#registration = registration;
  }

  tokens(): Tokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: Tokens): void {
    this.#tokens = tokens;
  }

  discoveryState(): Discovery | undefined {
    return this.#discovery;
  }

  saveDiscoveryState(discovery: Discovery): void {
    this.#discovery = discovery;
  }

  state(): string {
    this.#state = randomUUID();
    return this.#state;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  redirectToAuthorization(address: URL): Promise<void> {
    return this.#browser.open(address.href);
  }

  invalidateCredentials(scope: string): void {
    if (scope === "all" || scope === "client") this.#registration = undefined;
    if (scope === "all" || scope === "tokens") this.#tokens = undefined;
    if (scope === "all" || scope === "discovery") this.#discovery = undefined;
  }

  /** @throws if the response belongs to another request */
  assertOwn(response: URLSearchParams): void {
    if (response.get("state") !== this.#state) throw new Error("this response has another state");
  }
}
