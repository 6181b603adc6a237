import { createHash } from "node:crypto";

/**
 * The one style sheet of all pages. The colours have a contrast of 4.5:1 and more in both schemes. Links are at
 * least 36 px high, so that a thumb finds them. It needs no image and no font.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #57606a; --ground: #f6f8fa; --card: #fff;
  --line: #d0d7de; --accent: #0a58ca; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --quiet: #9aa4af; --ground: #0d1117; --card: #161b22;
    --line: #3d444d; --accent: #6cb0ff; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
main {
  max-width: 34rem; margin: 4vh auto; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
p { margin: .5rem 0 1rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
.quiet { color: var(--quiet); }
.links { list-style: none; margin: 1.25rem 0 0; padding: 0; }
.links li { padding: .25rem 0 .75rem; border-top: 1px solid var(--line); }
.links a { display: block; padding: .6rem 0 .2rem; }
.links span { display: block; color: var(--quiet); font-size: .9rem; }
.message { padding: .75rem 1rem; border-left: 4px solid var(--accent); background: var(--ground); }
.message-error { border-color: var(--bad); color: var(--bad); }
`;

/** The source of the style sheet in a Content Security Policy. A style that a caller injects has another hash. */
export const styleSource = `'sha256-${createHash("sha256").update(styleSheet).digest("base64")}'`;
