/**
 * The answers to a generated client that administers a user: add, add again under the same key, show, change under
 * `If-Match`, change under the outdated one, find, disable, remove, show, audit.
 *
 * @param username the name that the client adds
 */
export function administrationOf(username: string, displayName: string) {
  return {
    added: username,
    repeated: true,
    shown: `${username}@example.com`,
    changed: displayName,
    stale: [412, "precondition_failed"],
    found: [username],
    disabled: false,
    removed: "Removed",
    gone: [404, "not_found"],
    events: ["user.removed", "user.disabled", "user.changed", "user.added"],
  };
}
