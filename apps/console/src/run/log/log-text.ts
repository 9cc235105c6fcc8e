/** Escape sequences that colour a terminal or move its cursor (ECMA-48), and other control characters but the tab. */
// oxlint-disable-next-line no-control-regex
const ESCAPES =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A line as it reads: without what only a terminal understands. */
export function plainText(message: string): string {
  return message.replaceAll(ESCAPES, '');
}

/** A piece of a line. */
interface TextPart {
  readonly text: string;
  readonly isHit: boolean;
}

/** A line cut where it contains a text, in either case. */
export function partsOf(text: string, mark: string): readonly TextPart[] {
  if (mark === '') return [{ text, isHit: false }];
  const [folded, wanted] = [text.toLowerCase(), mark.toLowerCase()];
  // Some letters change their length with their case; places would then be wrong.
  if (folded.length !== text.length) return [{ text, isHit: false }];
  const parts: TextPart[] = [];
  let at = 0;
  for (;;) {
    const found = folded.indexOf(wanted, at);
    if (found < 0) break;
    if (found > at) parts.push({ text: text.slice(at, found), isHit: false });
    at = found + wanted.length;
    parts.push({ text: text.slice(found, at), isHit: true });
  }
  if (at < text.length) parts.push({ text: text.slice(at), isHit: false });
  return parts;
}
