import type { RowId } from "./contestant.ts";

/**
 * Why a product is ahead of Latchkey in a row, in two sentences, by the product's id. The page shows those of the
 * products that are ahead.
 */
export const explanations: Readonly<
  Partial<Record<RowId, Readonly<Record<string, readonly [string, string]>>>>
> = {
  refresh: {
    pocketbase: [
      "PocketBase signs a new token and writes nothing, so it waits for no disk.",
      "A refresh of Latchkey replaces the token, remembers the old one to notice a stolen one, and writes an audit event, all on the disk before the response.",
    ],
  },
  start: {
    pocketbase: [
      "PocketBase is one compiled program.",
      "Latchkey begins with Node, and the limit shows what Node alone takes before a server of one line listens.",
    ],
  },
  memory: {
    pocketbase: [
      "PocketBase is a compiled program without a virtual machine.",
      "Node with its heap takes 47 MB for a program of one line.",
    ],
  },
  bytes: {
    pocketbase: [
      "PocketBase stores no session: it cannot list sessions, or end one of them.",
      "Latchkey stores a session that can be found and ended, and an audit event of each login and refresh.",
    ],
  },
};
