import type { FastifyInstance } from "fastify";
import { addInnerApp } from "../inner-app.ts";
import { type AccountParts, accountPages, changePassword } from "./account-parts.ts";

/** The account pages. Their stories are opened at the first request. */
export interface AccountMount {
  readonly open: () => Promise<AccountParts>;
}

/** Serves the account pages as an inner app. No other file may import `account-routes.ts` at start. */
export function accountApp(app: FastifyInstance, { open }: AccountMount): void {
  const pages = Object.values(accountPages).map(
    (path) => [path, ["GET", "HEAD", "POST", "OPTIONS"]] as const,
  );
  addInnerApp(app, {
    paths: { ...Object.fromEntries(pages), [changePassword]: ["GET", "HEAD"] },
    // No other origin may read the pages, also if LATCHKEY_CORS_ORIGINS names it.
    config: { cors: false },
    refusesPreflights: true,
    async open(inner) {
      const { accountRoutes } = await import("./account-routes.ts");
      accountRoutes(inner, await open());
    },
  });
}
