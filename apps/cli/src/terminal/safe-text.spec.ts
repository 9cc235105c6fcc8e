import fc from 'fast-check';
import { safeBlock, safeLine, wrapped } from './safe-text';

describe('text from others', () => {
  it.each([
    ['plain ASCII, ümlaut, 漢字, 😀', 'plain ASCII, ümlaut, 漢字, 😀'],
    ['\u001b[2Jgone', '\\u{1b}[2Jgone'],
    ['a\rb\nc\td\0', 'a\\u{d}b\\u{a}c\\u{9}d\\u{0}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['abc\u202edcba', 'abc\\u{202e}dcba'],
    ['\u2066x\u2069 \u200bzero\ufeff', '\\u{2066}x\\u{2069} \\u{200b}zero\\u{feff}'],
    ['\ud800', '\\u{d800}'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
  ])('%j is shown as %j', (text, shown) => {
    expect(safeLine(text)).toBe(shown);
  });

  it('never leaves a control, bidirectional or zero-width character on a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeLine(text)).not.toMatch(/[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u);
      }),
    );
  });

  it('cannot pose as a line of ours: every line of a block is indented', () => {
    expect(safeBlock('all good\ngate digest  sha256:0\r\n\tx')).toBe(
      '  all good\n  gate digest  sha256:0\\u{d}\n  \tx',
    );
  });

  it('is broken between words before a terminal breaks it, and indented further', () => {
    expect(wrapped('  reason: it is late', 14)).toEqual(['  reason: it ', '      is late']);
    expect(wrapped('0123456789', 8)).toEqual(['0123456', '    789']);
    expect(wrapped('漢字漢字', 8)).toEqual(['漢字漢', '    字']);
    expect(wrapped('  reason: it is late', Infinity)).toEqual(['  reason: it is late']);
  });

  it('is not broken within a digest or an id, which people copy', () => {
    const digest = `sha256:${'0a'.repeat(32)}`;
    const id = `run_01${'kb3v2m5t'.repeat(3)}`;
    expect(wrapped(`  record: ${digest} (of ${id}), kept`, 40)).toEqual([
      '  record: ',
      `      ${digest}`,
      '      (of ',
      `      ${id}), `,
      '      kept',
    ]);
    expect(wrapped(`plan ${digest}`, 40)).toEqual(['plan ', `    ${digest}`]);
    expect(wrapped(`    ${digest}`, 40)).toEqual([`    ${digest}`]);
    expect(wrapped(`run ${id} waits`, 40)).toEqual([`run ${id} `, '    waits']);
    // What only begins like one is.
    expect(wrapped(`a ${digest}0`, 40)[0]).toHaveLength(39);
  });

  it('is broken also where it ends with a digest; what we name at the margin is left whole', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(wrapped(`gate digest  ${digest}`, 40)).toEqual([`gate digest  ${digest}`]);
    for (const forged of [`  ${' '.repeat(37)}gate digest  ${digest}`, `  a${'b '.repeat(18)}gate digest  ${digest}`])
      for (const line of wrapped(forged, 40)) expect(line).toMatch(/^ {2}/);
  });
});
