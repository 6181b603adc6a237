import type { Principal } from "../../principal.ts";
import type { Members } from "../objects.ts";
import type { Caller } from "./tool-gate.ts";

/** What differs between the majors of the official SDK, as far as guarding tools goes. */
export interface Dialect {
  /** The server's methods that register a tool, with the handler as their last argument. */
  readonly registrars: readonly string[];
  /** The method that a first argument of `setRequestHandler` stands for. */
  methodOf(subject: unknown): string;
  /**
   * Who sent a request, as far as its context says so apart from the arguments. `local` when nothing in it speaks
   * of HTTP.
   */
  callerOf(context: object): Caller;
  /** The context for a tool's handler: with the principal, and with no token anywhere in it. */
  contextFor(context: object, principal: Principal): object;
  /** Marks a result as one that no cache may hand to somebody else, where the protocol knows such a mark. */
  privately(context: object, result: Members): Members;
}
