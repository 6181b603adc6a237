import type { Tokens } from "@latchkey/testkit/server/auth-calls";
import type { Calls } from "./calls.ts";
import { pick } from "./seeded.ts";

/** One session from the view of its owner. */
interface Held {
  readonly id: string;
  readonly person: Person;
  tokens: Tokens;
  /** An older refresh token, which every server must refuse. */
  old?: string;
  state: "lives" | "being ended" | "ended";
  busy: boolean;
}

export interface Person {
  readonly name: string;
  readonly sessions: Set<Held>;
  /** True while all its sessions are being ended. A login at that time would have an unknown outcome. */
  changing: boolean;
  /** The number of such changes so far. */
  changes: number;
}

export interface LoadOptions {
  readonly calls: Calls;
  readonly people: readonly Person[];
  readonly password: string;
  readonly random: () => number;
  /** Ends every session of a person. @returns false if the outcome is unknown */
  readonly endAll: (person: Person) => Promise<boolean>;
}

/** Many people: logins, refreshes from several places, logouts and ended sessions, until `stop`. */
export class PeopleLoad {
  readonly held: Held[] = [];
  #over = false;
  readonly #options: LoadOptions;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** @param many the number of concurrent workers */
  async run(many: number): Promise<void> {
    await Promise.all(Array.from({ length: many }, () => this.#worker()));
  }

  stop(): void {
    this.#over = true;
  }

  async #worker(): Promise<void> {
    const { random } = this.#options;
    while (!this.#over) {
      const turn = pick(random, [
        [3, () => this.#signIn()],
        [8, () => this.#with("lives", (held) => this.#refresh(held))],
        [4, () => this.#with("lives", (held) => this.#useTokens(held))],
        [1.5, () => this.#with("lives", (held) => this.#signOut(held))],
        [0.5, () => this.#with("lives", (held) => this.#replay(held))],
        [0.3, () => this.#throwOut()],
        [1.5, () => this.#with("being ended", (held) => this.#signOut(held))],
        [3, () => this.#with("ended", (held) => this.#useTokens(held))],
        [2, () => this.#with("ended", (held) => this.#refresh(held))],
      ]);
      await turn();
    }
  }

  async #with(state: Held["state"], use: (held: Held) => Promise<void>): Promise<void> {
    const { random } = this.#options;
    // A few tries are enough. Without a session in this state, the worker chooses another act.
    for (let look = 0; look < 20; look++) {
      const held = this.held[Math.floor(random() * this.held.length)];
      if (held === undefined || held.busy || held.person.changing || held.state !== state) continue;
      held.busy = true;
      await use(held);
      held.busy = false;
      return;
    }
    await new Promise(setImmediate);
  }

  async #signIn(): Promise<void> {
    const { calls, people, password, random } = this.#options;
    const person = people[Math.floor(random() * people.length)];
    if (person === undefined || person.changing || person.sessions.size > 5) return;
    const before = person.changes;
    const opened = await calls.login(person.name, password);
    if (opened === undefined) return;
    // The change may or may not have ended a session that was opened during it.
    const state = person.changes > before ? "being ended" : "lives";
    const held: Held = { id: opened.session, person, tokens: opened.tokens, state, busy: false };
    if (state === "being ended") calls.note("user_ended", [held.id], 0, undefined);
    person.sessions.add(held);
    this.held.push(held);
  }

  /** Sends the same token from up to three places at once. */
  async #refresh(held: Held): Promise<void> {
    const { calls, random } = this.#options;
    const shown = held.tokens.refresh;
    const places = 1 + Math.floor(random() * 3);
    const answers = await Promise.all(Array.from({ length: places }, () => calls.refresh(held.id, shown)));
    const tokens = answers.find((answer) => answer.tokens)?.tokens;
    if (tokens === undefined) return;
    held.old = shown;
    held.tokens = tokens;
  }

  async #useTokens({ id, tokens: { access } }: Held): Promise<void> {
    const { calls } = this.#options;
    await Promise.all([calls.me(id, access), calls.trade(id, access)]);
  }

  async #signOut(held: Held): Promise<void> {
    held.state = "being ended";
    const { status } = await this.#options.calls.logout(held.id, held.tokens.access);
    if (status === 200 || status === 401) held.state = "ended";
  }

  async #replay(held: Held): Promise<void> {
    const { calls } = this.#options;
    if (held.old === undefined) return;
    // The last token but one, because the grace covers the last one.
    const shown = held.old;
    const { tokens } = await calls.refresh(held.id, held.tokens.refresh);
    if (tokens === undefined) return;
    held.tokens = tokens;
    held.state = "being ended";
    const { status } = await calls.refresh(held.id, shown, "replay");
    if (status === 401) held.state = "ended";
  }

  async #throwOut(): Promise<void> {
    const { people, random, calls, endAll } = this.#options;
    const person = people[Math.floor(random() * people.length)];
    if (person === undefined || person.changing || person.sessions.size === 0) return;
    person.changing = true;
    person.changes++;
    const sentAt = performance.now();
    const sessions = [...person.sessions].filter(({ state }) => state !== "ended");
    for (const held of sessions) held.state = "being ended";
    const done = await endAll(person);
    const ids = sessions.map(({ id }) => id);
    calls.note("user_ended", ids, sentAt, done ? true : undefined);
    if (done) for (const held of sessions) held.state = "ended";
    person.changing = false;
  }
}
