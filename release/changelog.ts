const unreleased = "## Unreleased\n";

/**
 * Moves the unreleased changes to a section of their own.
 *
 * @param changelog the text of `CHANGELOG.md`
 * @param date the day of the release, as `2026-01-31`
 * @throws {Error} if there is no unreleased change, or the version has a section already
 */
export function withRelease(changelog: string, version: string, date: string): string {
  const [before, after, ...more] = changelog.split(unreleased);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error("CHANGELOG.md needs exactly one section `## Unreleased`");
  if (changelog.includes(`\n## ${version} `))
    throw new Error(`CHANGELOG.md already has a section ${version}`);
  if (!/^- /m.test(after.split(/^## /m)[0] ?? ""))
    throw new Error("CHANGELOG.md has no unreleased change: add a line for each change");
  return `${before}${unreleased}\n## ${version} (${date})\n${after}`;
}

/** The changes of a version, for the notes of its release. */
export function notesOf(changelog: string, version: string): string {
  const [, after = ""] = changelog.split(`\n## ${version} `);
  return `${after.split(/^## /m)[0]?.replace(/^.*\n/, "").trim()}\n`;
}
