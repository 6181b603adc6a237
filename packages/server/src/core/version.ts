import manifest from "../../package.json" with { type: "json" };

/** The version of this Latchkey, from the manifest of its package. */
export const { version } = manifest;
