/**
 * Opens a part of the server at its first use. Uses at the same time share the opening. If it fails, for example
 * because the process has too many open files, then the next use opens again.
 */
export function atFirstUse<Part>(open: () => Promise<Part>): () => Promise<Part> {
  let opening: Promise<Part> | undefined;
  return () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}
