import { layoutOf } from './layout';
import type { Block, Inline, Section, Words } from './page';
import type { Report } from './report';
import { visibleLine, visibleText } from '../../foundation/visible-text';

/**
 * The report as Markdown (CommonMark with GFM tables). All external text is in code spans and code blocks, where no markup is interpreted.
 */
export function renderMarkdown(report: Report): string {
  return `${layoutOf(report).map(section).join('\n\n')}\n`;
}

function section({ level, title, blocks }: Section): string {
  return [`${'#'.repeat(level)} ${words(title)}`, ...blocks.map(block)].join('\n\n');
}

const MARKS = { good: '✔', warning: '⚠', bad: '✘' } as const;

function block(one: Block): string {
  switch (one.kind) {
    case 'text':
      return words(one.words);
    case 'good':
    case 'warning':
    case 'bad':
      return `> **${MARKS[one.kind]}** ${words(one.words)}`;
    case 'facts':
      return one.rows.map(([name, value]) => `- **${escaped(name)}:** ${words(value)}`).join('\n');
    case 'list':
      return one.items.map((item) => `- ${words(item)}`).join('\n');
    case 'table':
      return [row(one.columns.map((name) => [name])), row(one.columns.map(() => ['---'])), ...one.rows.map(row)].join(
        '\n',
      );
    case 'quote':
      return fenced(visibleText(one.text));
  }
}

function row(cells: readonly Words[]): string {
  // GFM: an unescaped pipe ends a table cell, even inside a code span.
  return `| ${cells.map((cell) => words(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

function words(parts: Words): string {
  return parts.map(inline).join('');
}

function inline(part: Inline): string {
  return typeof part === 'string' ? escaped(part) : codeSpan(visibleLine(part.quoted));
}

/** Our own text contains no markup, but it contains names such as `a_b` and `*`, and the replacements that a malformed document causes. */
function escaped(text: string): string {
  return text === '---' ? text : visibleLine(text).replace(/[\\`*_<>[\]~&]/g, '\\$&');
}

/** A code span (CommonMark §6.1) whose delimiter is longer than any run of backticks in it. */
function codeSpan(text: string): string {
  if (text === '') return '*empty*';
  const ticks = '`'.repeat(longestRun(text) + 1);
  const padding = /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${ticks}${padding}${text}${padding}${ticks}`;
}

/** A fenced code block (CommonMark §4.5) whose fence is longer than any run of backticks in it. */
function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
