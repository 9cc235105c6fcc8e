import { containing } from './text-match';

describe('a text that is looked for', () => {
  it.each([
    ['refused', 'Connection REFUSED by peer', true],
    ['refused', 'accepted', false],
    ['STRASSE', 'die Strasse', true],
    ['ÄRGER', 'viel ärger', true],
    ['σ', 'ΟΔΟΣ', true],
    ['ς', 'ΟΔΟΣ', true],
    ['🙂', 'a 🙂 b', true],
    ['.*', 'anything', false],
    ['a.b', 'a.b', true],
    ['a.b', 'axb', false],
    ['(a+)+$', '(A+)+$', true],
    ['\\d', 'digit 1', false],
    ['\\', 'a\\b', true],
    ['[x]', '[X]', true],
    ['\u001b[1m', '\u001b[1mbold', true],
    [' ', 'ab', false],
  ])('%j in %j: %s', (wanted, text, found) => expect(containing(wanted)(text)).toBe(found));

  it('is looked for from the beginning of each text', () => {
    const isHit = containing('a');
    expect(['a', 'a', 'xa'].map(isHit)).toEqual([true, true, true]);
  });
});
