import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../foundation/json';
import { compileSchema } from './compile-schema';

/**
 * JSON-Schema-Test-Suite (github.com/json-schema-org/JSON-Schema-Test-Suite), a clone of it: no registry has it with draft 2020-12.
 * Revision 44401e0c046704b476ec9d2e2fccdaee618f259d. Skipped where the variable is not set.
 */
const SUITE = process.env['TASKRUNNER_JSON_SCHEMA_SUITE'] ?? '';
const FOLDER = join(SUITE, 'tests/draft2020-12');

interface Group {
  readonly description: string;
  readonly schema: Json;
  readonly tests: readonly { readonly description: string; readonly data: Json; readonly valid: boolean }[];
}

/** Why a case is not claimed: its schema is refused with these words, or its file and name say so. */
const REFUSED: readonly (readonly [said: RegExp, why: string])[] = [
  [/leads outside/, 'nothing is fetched, the meta-schema included'],
  [/must be https:\/\/json-schema\.org\/draft\/2020-12\/schema/, 'other dialects and vocabularies are not read'],
  [/is no keyword/, 'unknown keywords are refused'],
  [/leads to no schema/, 'a reference leads to a schema, not into a keyword that has none'],
  [/the format .* is not known/, 'formats that are not in the table are refused'],
  [/list of at least one value/, 'an empty enum is refused: nothing would fit'],
  [/error parsing regexp/, 'patterns are RE2'],
];
const ANOTHER_VERDICT: readonly (readonly [file: string, name: RegExp, why: string])[] = [
  ['format.json', /is only an annotation by default/, 'formats are asserted'],
  ['optional/ecmascript-regex.json', /./, 'patterns are RE2: \\s is ASCII, among others'],
  ['optional/format/ecmascript-regex.json', /./, 'the format regex is RE2'],
  ['optional/format/hostname.json', /A-label/, 'xn-- labels are not decoded'],
];

const cases = (existsSync(FOLDER) && SUITE !== '' ? (readdirSync(FOLDER, { recursive: true }) as string[]) : [])
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) =>
    (JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as readonly Group[]).map((group) => ({ file, group })),
  );

(SUITE === '' ? describe.skip : describe)('JSON-Schema-Test-Suite, draft 2020-12', () => {
  it('holds for every case that is claimed', () => {
    const wrong: string[] = [];
    const listed = new Map<string, number>();
    let held = 0;
    const list = (why: string): unknown => listed.set(why, (listed.get(why) ?? 0) + 1);
    for (const { file, group } of cases) {
      const compiled = compileSchema(group.schema);
      for (const { description, data, valid } of group.tests) {
        const name = `${file}: ${group.description}: ${description}`;
        if (compiled.kind === 'invalid') {
          const why = REFUSED.find(([said]) => said.test(compiled.faults[0]?.message ?? ''))?.[1];
          if (why === undefined) wrong.push(`${name}: ${compiled.faults[0]?.message}`);
          else list(why);
        } else if ((compiled.findings(data).length === 0) === valid) held++;
        else {
          const why = ANOTHER_VERDICT.find(([of, names]) => of === file && names.test(name))?.[2];
          if (why === undefined) wrong.push(name);
          else list(why);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect({ held, listed: Object.fromEntries(listed) }).toMatchObject({ held: 1_945 });
    expect([...listed.values()].reduce((sum, count) => sum + count, 0)).toBe(280);
  });
});
