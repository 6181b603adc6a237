/** The most and the longest roles that a user may have. @param letter the only letter in them */
export function maxRoles(letter: string): string[] {
  return Array.from({ length: 50 }, (_, number) => `${number}`.padStart(2, "0") + letter.repeat(62));
}
