import { trimmed, weaknessOf } from './secret-value';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a value that shall be a secret', () => {
  it.each([
    ['', 'SECRET_TOO_SHORT'],
    ['a', 'SECRET_TOO_SHORT'],
    ['1234567', 'SECRET_TOO_SHORT'],
    ['1234567\n\n', 'SECRET_TOO_SHORT'],
    ['aaaaaaaaaaaa', 'SECRET_TRIVIAL'],
    ['ababababab', 'SECRET_TRIVIAL'],
    ['12345678', 'SECRET_TRIVIAL'],
    ['hgfedcba', 'SECRET_TRIVIAL'],
    ['Password1', 'SECRET_TRIVIAL'],
    ['redacted\n', 'SECRET_TRIVIAL'],
    ['undefined', 'SECRET_TRIVIAL'],
    ['12345679', null],
    ['hunter2-hunter2', null],
  ])('%j: %s', (value, expected) => expect(weaknessOf(bytes(value))).toBe(expected));

  it('loses the line ends at its end, nothing else', () => {
    expect(new TextDecoder().decode(trimmed(bytes(' a\nb \r\n\n')))).toBe(' a\nb ');
  });
});
