import { visibleLine } from '@taskrunner/core/foundation';

/**
 * A text as pages show it: characters that disguise others are written as `\u{…}`, as the command line and the evidence write them. Lines
 * and tabs stay.
 */
export function shownText(text: string): string {
  return text.replace(/[^\n\t]+/g, visibleLine);
}
