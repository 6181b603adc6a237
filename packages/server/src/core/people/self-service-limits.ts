import type { Caller } from "../audit-events.ts";
import type { AttemptCounter, CountedOperation } from "../throttle/attempt-counter.ts";
import { countRequest, ofNetwork } from "../throttle/request-limit.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Requests of one network. An office shares one. */
const networkRule = { limit: 60, windowMs: 15 * minute };

/** Uses of links by one network. A link cannot be guessed, so this limits the work alone. */
const useRule = { limit: 100, windowMs: 15 * minute };

/** Requests about one name or address: a stranger's repetitions reach this limit. */
const nameRule = { limit: 10, windowMs: hour };

/** Mails to one recipient. Strangers, users and administrators have one such limit each. */
const mailRule = { limit: 5, windowMs: hour };

/** Limits on the requests that cause a mail, and on uses of links. They count whether a request succeeds or not. */
export type SelfServiceLimits = ReturnType<typeof createSelfServiceLimits>;

/** @param counters shared by the replicas if they share the database */
export function createSelfServiceLimits(
  counters: Pick<Record<CountedOperation, AttemptCounter>, "reset" | "sign_up" | "link">,
) {
  return {
    /**
     * A request for a reset link. The same for every name, whether it has an account or not.
     *
     * @param fingerprint of the typed name
     * @throws {LatchkeyError} `rate_limited`
     */
    resetRequest: (caller: Caller, fingerprint: string): Promise<void> =>
      countRequest(counters.reset, [
        ofNetwork("reset", networkRule, caller),
        { name: "reset-name", scope: "name", key: `reset name ${fingerprint}`, rule: nameRule },
      ]),
    /**
     * A reset mail to an account. Both of its names lead to one mailbox.
     *
     * @throws {LatchkeyError} `rate_limited`
     */
    resetMail: (userId: string): Promise<void> =>
      countRequest(counters.reset, [
        { name: "reset-mail", scope: "account", key: `reset mail ${userId}`, rule: mailRule },
      ]),
    /**
     * A mail to an address that a stranger or a user typed.
     *
     * @param fingerprint of the mailbox, without a sub-address
     * @throws {LatchkeyError} `rate_limited`
     */
    typedAddress: (caller: Caller, fingerprint: string): Promise<void> =>
      countRequest(counters.sign_up, [
        ofNetwork("sign_up", networkRule, caller),
        { name: "sign_up-address", scope: "address", key: `sign_up address ${fingerprint}`, rule: mailRule },
      ]),
    /**
     * A mail that a user asks for.
     *
     * @throws {LatchkeyError} `rate_limited`
     */
    ownMail: (userId: string): Promise<void> =>
      countRequest(counters.link, [
        { name: "own-mail", scope: "account", key: `link mail ${userId}`, rule: mailRule },
      ]),
    /**
     * An invitation. Strangers who ask for a sign-up do not use up its limit.
     *
     * @param fingerprint of the mailbox, without a sub-address
     * @throws {LatchkeyError} `rate_limited`
     */
    invitation: (fingerprint: string): Promise<void> =>
      countRequest(counters.sign_up, [
        { name: "invitation", scope: "address", key: `invitation ${fingerprint}`, rule: mailRule },
      ]),
    /**
     * A reset mail that an administrator or the operator sends to an account. Strangers do not use up its limit.
     *
     * @throws {LatchkeyError} `rate_limited`
     */
    sentReset: (userId: string): Promise<void> =>
      countRequest(counters.reset, [
        { name: "sent-reset", scope: "account", key: `sent reset ${userId}`, rule: mailRule },
      ]),
    /** The use of a link. @throws {LatchkeyError} `rate_limited` */
    linkUse: (caller: Caller): Promise<void> =>
      countRequest(counters.link, [ofNetwork("link", useRule, caller)]),
  };
}
