import { prerelease } from "semver";

/**
 * The commands by which a person publishes a release. A pre-release gets the npm tag `next`: without it, npm would make
 * it the version that everyone installs.
 *
 * @param files the names of the release's files in `dist`
 */
export function publishingCommands(version: string, files: readonly string[]): readonly string[] {
  const tag = prerelease(version) === null ? "" : " --tag next";
  const tarballs = files.filter((name) => name.endsWith(".tgz"));
  return [
    `git push origin HEAD v${version}`,
    ...tarballs.map((name) => `npm publish --access public${tag} dist/${name}`),
  ];
}
