/** Constructs that JSON.parse accepts and this API refuses. */
interface JsonObjection {
  readonly what: string;
  /** Offset in the text. */
  readonly at: number;
}

const MAX_DEPTH = 100;
const FORBIDDEN = new Set(['"__proto__"', '"constructor"', '"prototype"']);

/**
 * The first construct in valid JSON that parsers could interpret differently: a duplicate key, a key that reaches a prototype, more than
 * 100 levels. One pass, without recursion and without copying long strings.
 */
export function objectionToJson(text: string): JsonObjection | null {
  const levels: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at);
        if (expectsKey) {
          const keys = levels.at(-1);
          const raw = text.slice(at, end + 1);
          const key = raw.includes('\\') ? JSON.stringify(JSON.parse(raw)) : raw;
          if (FORBIDDEN.has(key)) return { what: 'a forbidden key', at };
          if (keys?.has(key)) return { what: 'a duplicate key', at };
          keys?.add(key);
          expectsKey = false;
        }
        at = end;
        break;
      }
      case 0x7b:
      case 0x5b:
        if (levels.length >= MAX_DEPTH) return { what: `more than ${MAX_DEPTH} levels`, at };
        expectsKey = text[at] === '{';
        levels.push(expectsKey ? new Set() : null);
        break;
      case 0x7d:
      case 0x5d:
        levels.pop();
        expectsKey = false;
        break;
      case 0x2c:
        expectsKey = levels.at(-1) !== null;
    }
  }
  return null;
}

/** The offset of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
