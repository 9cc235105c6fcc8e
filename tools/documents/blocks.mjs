// Fenced blocks of the documents, each with the tag that states how it is tested (CONTRIBUTING.md, "Commands in documents").
// `node tools/documents/blocks.mjs` prints all of them as JSON, for specs that execute them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Languages whose blocks are commands. */
export const SHELL = new Set(['sh', 'bash', 'console']);

/** Documents that tell readers what to type. Decisions (`docs/adr`) are history. */
export function documents() {
  const below = (folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`);
  const ofEach = (folder, path) =>
    readdirSync(join(ROOT, folder))
      .map((name) => `${folder}/${name}/${path}`)
      .filter((document) => existsSync(join(ROOT, document)));
  return [
    ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'],
    ...['docs', 'docs/guides', 'docs/predicates'].flatMap(below),
    ...['libs', 'examples'].flatMap((folder) => ofEach(folder, 'README.md')),
    ...ofEach('etc/packs', 'docs/usage.md'),
  ];
}

/**
 * The fenced blocks of a Markdown text: line of the fence (from 1), language, tag, text without the indentation of its fence. A tag is what
 * follows the language: words `name=value`; `kind` and `place` are the parts of `test=kind:place`.
 */
export function blocksOf(document, text) {
  const blocks = [];
  let open = null;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent, fence, info] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === null) {
      if (fence !== undefined) open = { line: index + 1, indent: indent.length, fence, info: info.trim(), lines: [] };
    } else if (fence !== undefined && info.trim() === '' && fence.startsWith(open.fence)) {
      blocks.push(blockOf(document, open));
      open = null;
    } else open.lines.push(line.slice(Math.min(open.indent, /^ */.exec(line)[0].length)));
  }
  if (open !== null) throw new Error(`${document}:${open.line}: the block has no end`);
  return blocks;
}

function blockOf(document, { line, info, lines }) {
  const [language, ...words] = info.split(/\s+/);
  const tag = Object.fromEntries(words.map((word) => [word.split('=', 1)[0], word.slice(word.indexOf('=') + 1)]));
  const [kind = null] = tag.test?.split(':', 1) ?? [];
  const place = kind !== null && tag.test.includes(':') ? tag.test.slice(kind.length + 1) : null;
  return { document, line, language, tag, kind, place, text: lines.map((one) => `${one}\n`).join('') };
}

/** The commands of a shell block: lines without comments and texts of `<<`; lines that end with a backslash or a pipe continue. */
export function commandsOf({ text }) {
  const lines = text
    .replace(/(<<-?'?(\w+)'?.*\n)[^]*?^\2$/gm, '$1')
    .replace(/\\\n\s*|(?<=\|)\n\s*/g, ' ')
    .split('\n');
  return lines.map((line) => line.replace(/(^|\s+)#\s.*$/, '').trim()).filter((line) => line !== '');
}

/** The blocks of all documents, in order. */
export function allBlocks() {
  return documents().flatMap((document) => blocksOf(document, readFileSync(join(ROOT, document), 'utf8')));
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(allBlocks()));
