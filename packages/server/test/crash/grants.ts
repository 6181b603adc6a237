import {
  allowClient,
  type Code,
  redeemCode,
  refreshClient,
  revokeToken,
} from "@latchkey/testkit/oauth/client-calls";
import { type Answer, tokensOf } from "@latchkey/testkit/server/auth-calls";

/** One code of a client, and the session that it is traded for, as far as answers tell. */
export interface Grant extends Code {
  /** `redeeming`: the code was sent, and no answer came. `revoking`: the same for a revocation. */
  state: "allowed" | "redeeming" | "live" | "revoking" | "ended";
  /** The refresh token of the last answer. */
  refresh: string | undefined;
  /** Answers to its code that hold tokens. */
  trades: number;
}

/** The server that the clients call. It has another port after each restart. */
export interface Reached {
  readonly url: string;
  readonly issuer: string;
  readonly clientId: string;
}

/** All answers of a server to one client, and the broken promises among them. */
export class Grants {
  readonly all: Grant[] = [];
  readonly answered = { allowed: 0, redeemed: 0, refreshed: 0, revoked: 0 };
  readonly broken: string[] = [];
  readonly #person: { readonly username: string; readonly password: string };

  constructor(person: { readonly username: string; readonly password: string }) {
    this.#person = person;
  }

  async allow(at: Reached): Promise<Grant> {
    const code = await allowClient(at.url, at.issuer, at.clientId, this.#person);
    if (code === undefined) throw new Error("the page gave no code");
    const grant: Grant = { ...code, state: "allowed", refresh: undefined, trades: 0 };
    this.all.push(grant);
    this.answered.allowed++;
    return grant;
  }

  async redeem(at: Reached, grant: Grant): Promise<boolean> {
    grant.state = "redeeming";
    const answer = await redeemCode(at.url, at.clientId, grant);
    if (answer.status !== 200) return false;
    grant.state = "live";
    grant.trades++;
    grant.refresh = tokensOf(answer).refresh;
    this.answered.redeemed++;
    return true;
  }

  async refresh(at: Reached, grant: Grant): Promise<Answer> {
    const answer = await refreshClient(at.url, at.clientId, grant.refresh ?? "");
    if (answer.status === 200) {
      grant.refresh = tokensOf(answer).refresh;
      this.answered.refreshed++;
    }
    return answer;
  }

  async revoke(at: Reached, grant: Grant): Promise<void> {
    grant.state = "revoking";
    const { status, text } = await revokeToken(at.url, at.clientId, grant.refresh ?? "");
    if (status !== 200) return this.#breach("a revocation is answered", text);
    grant.state = "ended";
    this.answered.revoked++;
  }

  /** Checks a grant against a restarted server. */
  async check(at: Reached, grant: Grant): Promise<void> {
    if (grant.state === "allowed") {
      if (!(await this.redeem(at, grant))) this.#breach("an answered code is worth a session", grant);
    } else if (grant.state === "redeeming") {
      // Lost before the commit: it is redeemed now. Lost after it: the code is used up.
      if (!(await this.redeem(at, grant))) grant.state = "ended";
    } else if (grant.state === "revoking") {
      const { status } = await this.refresh(at, grant);
      grant.state = status === 200 ? "live" : "ended";
    }
    if (grant.state === "live") {
      const answer = await this.refresh(at, grant);
      if (answer.status !== 200) this.#breach("an answered refresh token is good", answer.text);
    }
    if (grant.state === "ended" && grant.refresh !== undefined) {
      const { status, text } = await this.refresh(at, grant);
      if (status === 200) this.#breach("a revoked session stays ended", text);
    }
    // A repeat within the grace: it is refused, and ends nothing.
    if (await this.redeem(at, { ...grant })) this.#breach("a code is traded once", grant);
    if (grant.trades > 1) this.#breach("a code has one answer with tokens", grant);
  }

  #breach(promise: string, got: unknown): void {
    this.broken.push(`${promise}: ${JSON.stringify(got)}`);
  }
}

/** Clients that sign in, redeem, refresh and revoke until the server is gone. */
export async function clientLoad(at: Reached, grants: Grants, clients: number): Promise<void> {
  let gone = false;
  async function client(): Promise<void> {
    while (!gone) {
      const grant = await grants.allow(at);
      // Some codes are left for the time after the crash.
      if (Math.random() < 0.2) continue;
      if (!(await grants.redeem(at, grant))) grants.broken.push("a fresh code is refused");
      for (let turn = Math.floor(Math.random() * 4); turn > 0; turn--) {
        const { status, text } = await grants.refresh(at, grant);
        if (status !== 200) grants.broken.push(`a live session is refused: ${text}`);
      }
      if (Math.random() < 0.3) await grants.revoke(at, grant);
    }
  }
  await Promise.all(
    Array.from({ length: clients }, async () => {
      try {
        await client();
      } catch (error) {
        // `fetch` rejects with a TypeError if the connection breaks.
        if (!(error instanceof TypeError)) throw error;
        gone = true;
      }
    }),
  );
}
