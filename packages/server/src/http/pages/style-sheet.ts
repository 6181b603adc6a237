import { createHash } from "node:crypto";

/**
 * The one style sheet of all pages. Text has a contrast of 4.5:1 and more in both schemes, the edge of a field 3:1.
 * Links and buttons are at least 44 px high, so that a thumb finds them. All sizes follow the reader's own text size.
 * It needs no image and no font.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --text: #1a1f26; --quiet: #57606a; --ground: #f6f8fa; --card: #fff;
  --line: #dde2e8; --edge: #77818c; --accent: #0b57c4; --ink: #fff; --bad: #b3261e; --warn: #7a4b00; --tint: #fff6e3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e8ecf1; --quiet: #a3adb8; --ground: #0d1117; --card: #171b21;
    --line: #2c333c; --edge: #7b8794; --accent: #7ab2ff; --ink: #0b1220; --bad: #ff8f86; --warn: #f2c36b; --tint: #2a2313;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: 1rem; min-height: 100vh; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
main {
  max-width: 30rem; margin: clamp(0rem, 5vh, 4rem) auto; padding: clamp(1.25rem, 6vw, 2.5rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / .04), 0 8px 24px rgb(0 0 0 / .06);
}
h1 { margin: 0; font-size: 1.5rem; font-weight: 650; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 2rem 0 0; font-size: 1.15rem; font-weight: 650; line-height: 1.3; }
p { margin: .75rem 0; }
a { color: var(--accent); text-underline-offset: .2em; }
code { font: .9em/1.4 ui-monospace, monospace; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
main > :last-child { margin-bottom: 0; }
.quiet { color: var(--quiet); }
.site { margin: 0 0 .5rem; color: var(--quiet); font-size: .9rem; }
.site a { display: inline-block; min-height: 1.5rem; color: inherit; }
.note { margin-top: 1.5rem; font-size: .9rem; }
.links { list-style: none; margin: 1.5rem 0 0; padding: 0; }
.links li { padding: .25rem 0 .75rem; border-top: 1px solid var(--line); }
.links a { display: block; padding: .6rem 0 .2rem; }
.links span { display: block; color: var(--quiet); font-size: .9rem; }
.message { margin: 1.25rem 0; padding: .75rem 1rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--ground); }
.message-error { border-color: var(--bad); color: var(--bad); font-weight: 600; }
.message-warning { border-color: var(--warn); background: var(--tint); }
.summary { margin: 1.25rem 0; border-top: 1px solid var(--line); }
.summary div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
.summary dt { flex: 1 0 6.5rem; color: var(--quiet); }
.summary dd { flex: 999 1 14rem; margin: 0; }
.summary small { display: block; color: var(--quiet); font-size: .875rem; }
.summary small strong { color: var(--text); }
.scopes { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem .75rem; }
.field { margin: 1rem 0; }
.field label { display: block; margin-bottom: .35rem; font-weight: 600; }
.hint { margin: 0 0 .35rem; color: var(--quiet); font-size: .9rem; }
.check { display: flex; gap: .75rem; align-items: center; margin: 1rem 0 0; }
.check input { flex: none; width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--accent); }
.check label { padding: .6rem 0; }
.field input {
  width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--edge); border-radius: .5rem;
}
.field input:focus-visible { outline-offset: 0; border-radius: .5rem; }
.field [aria-invalid] { border: 2px solid var(--bad); }
.field-error { margin: .35rem 0 0; color: var(--bad); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0; }
button, .button {
  display: inline-block; min-height: 2.75rem; padding: .5625rem 1.25rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  color: var(--ink); background: var(--accent); border: 1px solid var(--accent); border-radius: .5rem;
}
button:focus-visible, .button:focus-visible { border-radius: .5rem; }
.buttons > * { flex: 1 1 auto; }
.buttons form { display: flex; }
.buttons form > button { flex: 1; }
.ways { list-style: none; margin: 1.5rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.ways a, .plain { display: inline-block; padding: .6rem 0; }
ul.message { list-style: none; }
.message-error a { display: inline-block; padding: .15rem 0; color: inherit; }
.sessions { list-style: none; margin: 1rem 0 0; padding: 0; border-top: 1px solid var(--line); }
.sessions li { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: center; padding: .75rem 0; border-bottom: 1px solid var(--line); }
.sessions div { flex: 1 1 12rem; }
.sessions small { display: block; color: var(--quiet); font-size: .875rem; }
.second { color: var(--accent); background: transparent; border-color: var(--edge); }
.plain { min-height: 0; font-weight: 400; text-align: start; text-decoration: underline; text-underline-offset: .2em; color: var(--accent); background: none; border: 0; }
button:hover, .button:hover { filter: brightness(1.08); }
`;

/** The source of the style sheet in a Content Security Policy. A style that a caller injects has another hash. */
export const styleSource = `'sha256-${createHash("sha256").update(styleSheet).digest("base64")}'`;
