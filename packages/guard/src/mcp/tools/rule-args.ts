import type { Condition, Rule } from "../../allow.ts";

/** The arguments that a rule looks at, through `allow.when`; unknown where it looks at none. */
export type ArgsOf<R extends Rule<never>> =
  Extract<R, { readonly kind: "when" }> extends { readonly holds: Condition<infer Args> }
    ? [Args] extends [never]
      ? unknown
      : Args
    : unknown;

/** What must be added to a tool's configuration for its parsed arguments to be those that its rule takes. */
export type Fitting<Args, Parsed, Needed> = unknown extends Args
  ? unknown
  : Parsed extends Args
    ? unknown
    : Needed;
