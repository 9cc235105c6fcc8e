import { visibleLine } from '@taskrunner/core';

/** Text from packs, steps and people for one line of a terminal: what could disguise it is escaped as `\u{…}`. */
export function safeLine(text: string): string {
  return visibleLine(text);
}

/** The same for text of several lines: line feeds and tabs stay, and every line is indented so that none can pose as ours. */
export function safeBlock(text: string, indent = '  '): string {
  return text
    .split('\n')
    .map((line) => indent + line.split('\t').map(safeLine).join('\t'))
    .join('\n');
}
