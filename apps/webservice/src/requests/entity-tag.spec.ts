import { isKnown } from './entity-tag';

describe('If-None-Match', () => {
  it.each<[string | undefined, boolean]>([
    [undefined, false],
    ['', false],
    ['"a"', true],
    ['W/"a"', true],
    [' "a" ', true],
    ['"b"', false],
    ['"b", W/"a"', true],
    ['"b,","a"', true],
    ['"b, "a"', false],
    ['"b" "a"', false],
    ['*', true],
    ['"*"', false],
    ['a', false],
    ['w/"a"', false],
    ['"x\\"a"', false],
  ])('%s', (header, expected) => {
    const request = { get: (name: string) => (name === 'if-none-match' ? header : undefined) };
    expect(isKnown(request as never, '"a"')).toBe(expected);
  });
});
