/** The longest name that is shown, in characters. */
const maxName = 100;

/**
 * The name that a client claims, fit to be shown. Invisible characters, such as those that turn the direction of a
 * text, become spaces: they could make one name look like another. Of a pile of marks on one letter four are left: a
 * higher one would cover the lines above and below, such as a warning.
 *
 * @returns undefined if nothing is left to show
 */
export function shownName(claimed: unknown): string | undefined {
  if (typeof claimed !== "string") return undefined;
  // A name of 16 KiB of combining marks would take a tenth of a second to normalise.
  const name = claimed
    .slice(0, 4 * maxName)
    .normalize("NFC")
    .replaceAll(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu, " ")
    .replaceAll(/(\p{M}{4})\p{M}+/gu, "$1")
    .trim()
    .replace(/^\p{M}+/u, "");
  const short = [...name].slice(0, maxName).join("").trim();
  return short === "" ? undefined : short;
}
