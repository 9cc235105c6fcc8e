import fc from 'fast-check';
import { safeBlock, safeLine } from './safe-text';

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
});
