/** As many roles as there may be, each as long as it may be. @param letter that they are made of */
export function maxRoles(letter: string): string[] {
  return Array.from({ length: 50 }, (_, number) => `${number}`.padStart(2, "0") + letter.repeat(62));
}
