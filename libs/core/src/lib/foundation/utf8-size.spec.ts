import { assert, property, string } from 'fast-check';
import { utf8Size } from './utf8-size';

const encoded = (text: string): number => new TextEncoder().encode(text).length;

it('is the number of bytes that an encoder makes, also of halves of surrogate pairs', () => {
  for (const unit of ['binary', 'grapheme', 'binary-ascii'] as const)
    assert(property(string({ unit }), (text) => utf8Size(text) === encoded(text)));
  for (const text of ['', 'a', 'é', '€', '😀', '\ud800', '\udc00\ud800', '\ud800a', '\ud800\ud800\udc00', '\uffff'])
    expect([text, utf8Size(text)]).toEqual([text, encoded(text)]);
});

it.each([511, 512, 513, 5_000])('is the same for a text of %d characters', (length) => {
  for (const one of ['a', 'é', '€']) expect(utf8Size(one.repeat(length))).toBe(encoded(one.repeat(length)));
});
