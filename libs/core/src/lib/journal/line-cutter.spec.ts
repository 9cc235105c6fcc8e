import fc from 'fast-check';
import { LineCutter } from './line-cutter';
import { searchedCases } from '../../testing/runs-of-laws';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Line {
  readonly text: string;
  readonly goesOn: boolean;
}

function linesOf(lineBytes: number, pieces: readonly Uint8Array[]): readonly Line[] {
  const lines: Line[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const cutter = new LineCutter(lineBytes, (text, goesOn) => lines.push({ text: decoder.decode(text), goesOn }));
  for (const piece of pieces) cutter.push(piece);
  cutter.end();
  return lines;
}

/** The output lines; a part that is continued ends with `+`. */
function cut(lineBytes: number, pieces: readonly Uint8Array[]): readonly string[] {
  return linesOf(lineBytes, pieces).map(({ text, goesOn }) => (goesOn ? `${text}+` : text));
}

describe('raw output', () => {
  it.each<[string, string, readonly string[]]>([
    ['lines', 'a\nb\n', ['a', 'b']],
    ['a last line without its end', 'a\nb', ['a', 'b']],
    ['empty lines', '\n\n\n', ['', '', '']],
    ['line ends of Windows', 'a\r\n\r\nb\r', ['a', '', 'b\r']],
    ['progress in one line', '1 %\r2 %\r3 %\n', ['1 %\r2 %\r3 %']],
    ['ANSI sequences', '\u001b[31mred\u001b[0m\n', ['\u001b[31mred\u001b[0m']],
    ['NUL', 'a\0b\n\0\n', ['a\\u0000b', '\\u0000']],
    ['a byte order mark', '\ufeffa\n', ['\ufeffa']],
    ['nothing', '', []],
  ])('becomes lines: %s', (_, output, lines) => {
    expect(cut(100, [encode(output)])).toEqual(lines);
  });

  it('that is not UTF-8 is made so', () => {
    expect(cut(100, [Uint8Array.of(0x61, 0xff, 0xfe, 0x0a, 0xc3, 0x0a, 0xe2, 0x82)])).toEqual([
      'a\ufffd\ufffd',
      '\ufffd',
      '\ufffd',
    ]);
  });

  it('is cut at so many bytes, before a character that would be cut in two', () => {
    expect(cut(4, [encode('abcd\n')])).toEqual(['abcd']);
    expect(cut(4, [encode('abcde\n')])).toEqual(['abcd+', 'e']);
    expect(cut(4, [encode('abcd\r\n')])).toEqual(['abcd']);
    expect(cut(4, [encode('abc€\n')])).toEqual(['abc+', '€']);
    expect(cut(5, [encode('🙂🙂🙂')])).toEqual(['🙂+', '🙂+', '🙂']);
  });

  it('gives the same lines however it comes in pieces, and no byte of text is lost', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.constantFrom('a', '\n', '\r', '\r\n', '\0', '€', '🙂', '\u001b[0m').map((text) => Array.from(encode(text))),
        fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 4, max: 12 }), fc.integer({ min: 1, max: 7 }), (parts, lineBytes, size) => {
        const output = Uint8Array.from(parts.flat());
        const pieces = Array.from({ length: Math.ceil(output.length / size) }, (_, i) =>
          output.slice(i * size, (i + 1) * size),
        );
        const lines = linesOf(lineBytes, [output]);
        expect(linesOf(lineBytes, pieces)).toEqual(lines);
        for (const line of lines) expect(encode(line.text).length).toBeLessThanOrEqual(lineBytes);
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(output).replaceAll('\0', '\\u0000');
        const whole = lines.map((line) => (line.goesOn ? line.text : `${line.text}\n`)).join('');
        expect(whole.replace(/\n$/, '')).toBe(text.replaceAll('\r\n', '\n').replace(/\n$/, ''));
      }),
      searchedCases(200, 5_000),
    );
  });

  it('of one endless line keeps no more than a line', () => {
    const kept: number[] = [];
    const cutter = new LineCutter(1_000, (text) => kept.push(text.length));
    for (let i = 0; i < 1_000; i++) cutter.push(new Uint8Array(64 * 1024).fill(0x61));
    cutter.end();
    expect(kept.reduce((sum, size) => sum + size)).toBe(1_000 * 64 * 1024);
    expect(Math.max(...kept)).toBe(1_000);
  });
});
