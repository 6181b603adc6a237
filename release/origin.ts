/**
 * The host and the path of a git address, to compare two of them. `https://host/a/b.git`, `ssh://git@host/a/b` and
 * `git@host:a/b.git` are the same repository.
 */
export function repositoryOf(address: string): string {
  return address
    .trim()
    .replace(/^git\+/, "")
    .replace(/^[a-z]+:\/\//, "")
    .replace(/^[^@/]+@/, "")
    .replace(/^([^/:]+)(?::\d+(?=\/))?[:/]/, "$1/")
    .replace(/\/$/, "")
    .replace(/\.git$/, "")
    .toLowerCase();
}
