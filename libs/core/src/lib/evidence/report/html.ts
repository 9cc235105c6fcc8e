import { sha256 } from '../../canonical/digest';
import { toBase64 } from '../encoding/base64';
import { layoutOf } from './layout';
import type { Block, Inline, Section, Words } from './page';
import type { Report } from './report';
import { visibleLine, visibleText } from '../../foundation/visible-text';

const STYLE = `:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--dim:#57606a;--line:#d0d7de;--code:#f3f5f7;--good:#116329;--warning:#8a4b00;--bad:#b3171f}
@media (prefers-color-scheme:dark){:root{--back:#12161b;--text:#e4e9ee;--dim:#9aa5b1;--line:#343c46;--code:#1e242c;--good:#56d364;--warning:#e3b341;--bad:#ff7b72}}
body{background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1.5rem}
h1{font-size:1.6rem}h2{border-bottom:1px solid var(--line);font-size:1.3rem;margin-top:2.2rem;padding-bottom:.2rem}h3{font-size:1.1rem;margin-top:1.8rem}
.good,.warning,.bad{border:2px solid;border-radius:6px;font-weight:600;padding:.7rem 1rem}.good{color:var(--good)}.warning{color:var(--warning)}.bad{color:var(--bad)}
code,pre{background:var(--code);border-radius:4px;font:.875em/1.45 ui-monospace,monospace;unicode-bidi:isolate}
code{overflow-wrap:anywhere;padding:.1em .3em;white-space:pre-wrap}pre{overflow-wrap:anywhere;padding:.8rem;white-space:pre-wrap}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{border:1px solid var(--line);padding:.35rem .55rem;text-align:left;vertical-align:top}
th{color:var(--dim);font-size:.85rem}td code{background:none;padding:0}dl{display:grid;gap:.3rem 1rem;grid-template-columns:max-content 1fr}dt{color:var(--dim)}dd{margin:0;min-width:0}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{:root{--back:#fff;--text:#000;--dim:#333;--line:#999;--code:#f3f3f3;--good:#000;--warning:#000;--bad:#000}body{font-size:10pt;max-width:none;padding:0}h2,h3{break-after:avoid}tr,.good,.warning,.bad{break-inside:avoid}.scroll{overflow:visible}}
`;

/** The page loads nothing and runs nothing. Its only style is named by digest (CSP Level 3). */
const POLICY = `default-src 'none'; style-src 'sha256-${base64Digest(STYLE)}'; base-uri 'none'; form-action 'none'`;

/** The report as one HTML file without scripts. All external text is escaped and shown as code. */
export function renderHtml(report: Report): string {
  const sections = layoutOf(report);
  const title = sections[0]?.title.map((part) => (typeof part === 'string' ? part : visibleLine(part.quoted))).join('');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title ?? '')}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...sections.map(section),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function base64Digest(text: string): string {
  const hex = sha256(text).slice(7);
  return toBase64(Uint8Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16)));
}

function section({ level, title, blocks }: Section): string {
  return [`<h${level}>${words(title)}</h${level}>`, ...blocks.map(block)].join('\n');
}

function block(one: Block): string {
  switch (one.kind) {
    case 'text':
      return `<p>${words(one.words)}</p>`;
    case 'good':
    case 'warning':
    case 'bad':
      return `<p class="${one.kind}">${words(one.words)}</p>`;
    case 'facts':
      return `<dl>${one.rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${words(value)}</dd>`).join('\n')}</dl>`;
    case 'list':
      return `<ul>${one.items.map((item) => `<li>${words(item)}</li>`).join('\n')}</ul>`;
    case 'table': {
      const head = one.columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
      const body = one.rows.map((cells) => `<tr>${cells.map((cell) => `<td>${words(cell)}</td>`).join('')}</tr>`);
      return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
    }
    case 'quote':
      // A line feed directly after the tag would be dropped (HTML §13.1.2.5).
      return `<pre>\n${escaped(visibleText(one.text))}</pre>`;
  }
}

function words(parts: Words): string {
  return parts.map(inline).join('');
}

function inline(part: Inline): string {
  return typeof part === 'string' ? escaped(visibleLine(part)) : `<code>${escaped(visibleLine(part.quoted))}</code>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
