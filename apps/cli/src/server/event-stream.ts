/** One event of a stream (WHATWG HTML §9.2). */
export interface StreamEvent {
  readonly id: string | null;
  readonly data: string;
}

/** Parses server-sent events from bytes split anywhere. LF, CR and CRLF end a line, an empty line ends an event, comments are ignored. */
export async function* readEvents(source: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let id: string | null = null;
  let data: string[] = [];
  let first = true;
  const take = function* (text: string): Generator<StreamEvent> {
    // A CR at the very end may be half of a CRLF.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') };
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      if (field === 'id' && !value.includes('\0')) id = value;
    }
  };
  for await (const bytes of source) {
    let text = decoder.decode(bytes, { stream: true });
    if (first && text !== '') {
      text = text.replace(/^\ufeff/, '');
      first = false;
    }
    yield* take(text);
  }
  yield* take(decoder.decode());
}
