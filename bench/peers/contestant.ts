import type { TokenRequest } from "../requests.ts";
import type { Service } from "../service.ts";

/** A product in the comparison, in one configuration. */
export interface Contestant {
  /** A short name for files and arguments. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** What was set, and which of its recommendations for production it follows. */
  readonly configuration: string;
  /** What it does not do for its figures, by the row. */
  readonly leavesOut: Readonly<Partial<Record<RowId, string>>>;
  /** The SQLite file of its sessions, in its folder. Undefined if it keeps them elsewhere, or keeps none. */
  readonly database?: string;
  /**
   * Fetches and builds the product, if an earlier run has not.
   *
   * @param stack ends what the product needs beside it, such as its database
   * @returns what starts the product on data that are kept in `folder`
   */
  prepare(stack: AsyncDisposableStack): Promise<(folder: string, port: number) => Promise<Running>>;
  /** Creates the people in a running product. Called once for each folder, with what `prepare` started. */
  fill?(running: Running): Promise<void>;
}

/** The measured rows. */
export type RowId = "login" | "refresh" | "me" | "storm" | "start" | "memory" | "bytes";

/** A running product, and how to speak with it. */
export interface Running extends Service {
  /** The ids of its processes. Default: the one. */
  readonly watched?: readonly number[];
  /** The bytes of a login. Undefined if the product is not compared by it. */
  login?(person: Person): string;
  /** The token of a login response for {@link refresh}. */
  readonly refreshToken?: (login: Answered) => string;
  readonly refresh?: TokenRequest;
  /** The bytes of "who am I" for the person of a login response. */
  readonly me?: (login: Answered) => string;
  /** Refresh tokens of a product that is not compared by login. */
  readonly issued?: readonly string[];
}

/** The response to a login: its head and its body. */
export interface Answered {
  readonly head: string;
  readonly body: string;
}

/** Somebody with an account in each product. */
export interface Person {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** The accounts of each product: as many as the connections of the widest row. */
export const people: readonly Person[] = Array.from({ length: 64 }, (_, n) => ({
  username: `person${n}`,
  email: `person${n}@example.com`,
  password: "correct horse battery staple",
}));

/** Reads a text member of a JSON response. @throws if there is none */
export function member(name: string): (login: Answered) => string {
  return ({ body }) => {
    const value: unknown = Reflect.get(JSON.parse(body), name);
    if (typeof value !== "string") throw new Error(`the response has no ${name}: ${body}`);
    return value;
  };
}
