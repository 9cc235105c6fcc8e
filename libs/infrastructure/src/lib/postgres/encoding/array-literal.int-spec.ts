import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { arrayLiteral } from './array-literal';
import { startTestServer } from '../testing/test-database';
import type { TestDatabase, TestServer } from '../testing/test-database';

let host: TestServer;
let database: TestDatabase;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database('empty');
});
afterAll(() => host.stop());

it('gives the database what was put in, whatever a text holds', async () => {
  const texts = [
    ...[
      '',
      'plain',
      '"',
      '\\',
      '\\"',
      '\\\\',
      '{',
      '}',
      ',',
      '{}',
      'NULL',
      'null',
      ' ',
      ' led ',
      "'",
      '\u007f',
      'ü€😀',
    ],
    ...[
      '\n',
      '\t',
      '\r\n',
      '\b\f',
      '\u0001\u001f',
      'a\nb"c\\d',
      JSON.stringify({ a: '\n"\\', b: [1, null, '\u2028'] }),
    ],
  ];
  const [row] = await database.sql<{ back: string[] }>('select $1::text[] as back', [arrayLiteral(texts)]);
  expect(row?.back).toEqual(texts);
});

it('writes numbers, truths, bytes and nothing as they are', async () => {
  const bytes = [Buffer.from([0, 1, 255]), null, Buffer.alloc(0)];
  const [row] = await database.sql<{ whole: number[]; truths: boolean[]; bytes: Buffer[] }>(
    'select $1::int[] as whole, $2::boolean[] as truths, $3::bytea[] as bytes',
    [arrayLiteral([1, -2, null]), arrayLiteral([true, false, null]), arrayLiteral(bytes)],
  );
  expect(row).toEqual({ whole: [1, -2, null], truths: [true, false, null], bytes });
  expect(arrayLiteral([])).toBe('{}');
});
