import { types } from 'pg';
import { Random } from '@taskrunner/core/testing';
import { arrayLiteral } from '../../lib/postgres/encoding/array-literal';
import { readTexts } from './columns';

const TEXT_ARRAY = 1009;
const ofDriver = types.getTypeParser(TEXT_ARRAY as never, 'text') as (literal: string) => (string | null)[];

describe('a list of texts as the database writes it', () => {
  const random = new Random(7);
  const signs = ['"', '\\', ',', '{', '}', ' ', '\n', '\u2028', 'ä', '😀', 'N', 'ULL', ''];
  const cell = (): string | null =>
    random.chance(0.2) ? null : Array.from({ length: random.int(0, 6) }, () => random.pick(signs)).join('');
  const lists = Array.from({ length: 500 }, () => Array.from({ length: random.int(0, 4) }, cell));

  it('is read as it was written, and as the driver reads it', () => {
    for (const list of lists) {
      const literal = arrayLiteral(list);
      expect(readTexts(literal)).toEqual(list);
      expect(readTexts(literal)).toEqual(ofDriver(literal));
    }
  });

  it.each(['{}', '{NULL}', '{"NULL",NULL}', '{1,-2,NULL}', '{t,f}', '{"\\\\x00ff",a}'])('reads %s', (literal) => {
    expect(readTexts(literal)).toEqual(ofDriver(literal));
  });
});
