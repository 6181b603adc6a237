/** A setting that cannot be understood. The message is one line that says what would do. */
export class SettingProblem extends Error {}
