/** The operator's site, as pages and mails name it. */
export interface Site {
  readonly name: string;
  /** The address that its name links to. Undefined: the name is plain text. */
  readonly url: string | undefined;
}
