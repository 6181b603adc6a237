/** The realm is not set up as Latchkey needs it. The message is one line that says what to do. */
export class RealmMisconfigured extends Error {}
