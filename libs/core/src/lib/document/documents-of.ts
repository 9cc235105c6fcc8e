/**
 * The documents of a YAML stream with their first lines. A `---` at the beginning of a line starts a new document. Documents that hold only
 * comments are left out.
 */
export function* documentsOf(text: string): Iterable<{ readonly body: string; readonly firstLine: number }> {
  let from = 0;
  let firstLine = 1;
  for (const end of endsOf(text)) {
    const part = text.slice(from, end);
    // The marker is replaced by spaces, so that lines and columns do not change.
    const body = from === 0 && !text.startsWith('---') ? part : part.replace(/^---/, '   ');
    const lines = body.split('\n');
    if (!lines.every((line) => /^[ \t\r]*(?:#|$)/.test(line))) yield { body, firstLine };
    firstLine += lines.length - 1;
    from = end;
  }
}

/** Where documents end: before a marker, and where the text does. */
function* endsOf(text: string): Iterable<number> {
  for (const { index } of text.matchAll(/^---(?=[ \t\r\n]|$)/gm)) yield index;
  yield text.length;
}
