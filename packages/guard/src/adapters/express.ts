import type { Principal } from "../principal.ts";

declare global {
  // The place that Express keeps for this, in its own form.
  namespace Express {
    interface Request {
      /** Who sent the request. There in every handler behind `guard.express()`, and in no other. */
      principal: Principal;
    }
  }
}
