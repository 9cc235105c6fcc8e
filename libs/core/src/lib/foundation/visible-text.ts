/**
 * Characters that change how other text is shown: C0 and C1 controls and DEL, bidirectional controls (UAX #9), zero-width and
 * invisible ones, line and paragraph separators, interlinear annotation, tags, lone surrogates.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}\p{Cs}]/gu;

/** One line of untrusted text, with every character that could disguise it written as `\u{…}`. */
export function visibleLine(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Untrusted text of several lines: line feeds stay, tabs become four spaces, and all other characters are treated as in `visibleLine`. */
export function visibleText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.split('\t').map(visibleLine).join('    '))
    .join('\n');
}
