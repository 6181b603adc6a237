/** The version of this Latchkey. */
export const version = "0.1.0";
