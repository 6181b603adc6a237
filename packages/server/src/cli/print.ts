/** One line, or several, of a command's answer. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Rows under a heading, in columns. What an attacker may have chosen cannot steer the terminal. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows.map((row) => row.map((cell) => cell.replaceAll(/\p{C}/gu, "?")))];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
