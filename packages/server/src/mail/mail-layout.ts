import { html, raw } from "hono/html";
import type { MailLanguage } from "../core/mail/mail-kinds.ts";
import type { Site } from "../core/site.ts";
import type { MailText } from "./texts/texts.ts";

/** The parts of the HTML of a mail. */
export interface MailParts {
  readonly language: MailLanguage;
  readonly site: Site;
  readonly link: string | undefined;
  readonly text: MailText;
}

// Mail programs drop variables, and some drop this whole block. So each element has its light colours itself, and the
// block adds the dark ones. Text has a contrast of 4.5:1 and more in both schemes.
const darkColours = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .ground { background: #0d1117 !important; color: #e8ecf1 !important; }
  .card { background: #171b21 !important; border-color: #2c333c !important; }
  .quiet, .quiet a { color: #a3adb8 !important; }
  .button { background: #7ab2ff !important; color: #0b1220 !important; }
  .address { color: #7ab2ff !important; }
}`;

/** The HTML of a mail. Every value is escaped by the tag. It loads nothing and contains no picture. */
export async function htmlOf({ language, site, link, text }: MailParts): Promise<string> {
  const { subject, lead, action, otherwise, reason } = text;
  const paragraph = (line: string) => html`<p style="margin:0 0 16px"><bdi>${line}</bdi></p>`;
  const linked =
    action === undefined || link === undefined
      ? ""
      : html`<p style="margin:0 0 16px"><a class="button" href="${link}" style="display:inline-block;padding:12px 20px;background:#0b57c4;color:#ffffff;font-weight:600;text-decoration:none;border-radius:8px">${action.label}</a></p>
<p style="margin:0 0 4px">${action.lifetime}</p>
<p class="quiet" style="margin:0 0 16px;color:#57606a;font-size:14px;word-break:break-all"><a class="address" href="${link}" style="color:#0b57c4">${link}</a></p>`;
  const signature =
    site.url === undefined
      ? html`${site.name}`
      : html`<a href="${site.url}" style="color:#57606a">${site.name}</a>`;
  const document = await html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>${raw(darkColours)}</style>
</head>
<body class="ground" style="margin:0;padding:16px;background:#f6f8fa;color:#1a1f26;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere">
<div class="card" style="max-width:480px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #dde2e8;border-radius:12px">
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">${subject}</h1>
${lead.map(paragraph)}
${linked}
<p style="margin:0">${otherwise}</p>
</div>
<div class="quiet" style="max-width:480px;margin:0 auto;padding:16px 24px;color:#57606a;font-size:14px">
<p style="margin:0 0 8px">${reason}</p>
<p style="margin:0">${signature}</p>
</div>
</body>
</html>
`;
  return document.toString();
}
