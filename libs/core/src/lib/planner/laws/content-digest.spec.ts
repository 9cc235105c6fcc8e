import fc from 'fast-check';
import { fullFiles, fullManifest } from '../../../testing/full-manifest';
import { plannableKinds } from '../../../testing/planned-manifest';
import { packText, plan } from '../../../testing/planning';
import { manifestOf, seedlings } from '../../../testing/random/random-manifest';
import { lawRuns } from '../../../testing/runs-of-laws';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import { BUILTIN_EXECUTORS } from '../../plan/builtin-executors';
import { contentDigest } from '../../pack/pack-digest';
import { NO_FILES } from '../../pack/pack-files';
import { readPack } from '../../pack/read-pack';

const digest = (text: string): string => {
  const reading = readPack(text);
  if (reading.kind === 'refused') throw new Error(reading.faults.map(({ message }) => message).join('\n'));
  return contentDigest(reading.pack, NO_FILES);
};

/** A JSON value of any shape, most of them what a parameter may look like. */
const odd: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, '', 'abc', '1e3', '0200', '2xx', '200', 'xx', '{{ inputs.x }}', '{{', '-1s', '9e99', 0, 0.5), // prettier-ignore
  fc.constantFrom<Json>(-1, 1e21, Number.MAX_SAFE_INTEGER, [], {}, [null], ['abc', 200], [[200]], [{ a: null }]),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);
const oddRun = fc.constantFrom(...BUILTIN_EXECUTORS).chain(({ uses, parameters }) => {
  const names = [...Object.keys(parameters ?? {}), 'other'];
  return fc
    .dictionary(fc.constantFrom(...names), fc.oneof(odd, fc.array(odd, { maxLength: 3 })), { maxKeys: 4 })
    .map((supplied): JsonObject => ({ uses, with: { ...supplied } }));
});

/** The manifest, its runs replaced by others in turn. */
function withRuns(manifest: Json, runs: readonly JsonObject[]): Json {
  let next = 0;
  const walk = (value: Json): Json => {
    if (isJsonArray(value)) return value.map(walk);
    if (!isJsonObject(value)) return value;
    const entries = Object.entries(value).map(([name, one]): [string, Json] =>
      name === 'run' && isJsonObject(one) ? [name, runs[next++ % runs.length] ?? one] : [name, walk(one)],
    );
    return Object.fromEntries(entries);
  };
  return walk(manifest);
}

describe('a content digest', () => {
  it('is there for every pack that can be read, whatever its executors are given', () => {
    const seedling = seedlings(plannableKinds());
    const some = fc.array(oddRun, { minLength: 1, maxLength: 8 });
    const law = fc.property(seedling, some, fc.boolean(), (from, runs, full) => {
      const text = JSON.stringify(withRuns(full ? fullManifest : manifestOf(from, true), runs));
      const reading = readPack(text, fullFiles);
      if (reading.kind === 'read') expect(contentDigest(reading.pack, fullFiles)).toMatch(/^sha256:/);
      expect(() => plan(text, {}, { files: fullFiles })).not.toThrow();
    });
    fc.assert(law, lawRuns(20));
  });

  it('most packs of that law can be read', () => {
    const runs = fc.sample(oddRun, { numRuns: 200, seed: 1 });
    const texts = runs.map((run) => JSON.stringify(withRuns(fullManifest, [run])));
    expect(texts.filter((text) => readPack(text, fullFiles).kind === 'read').length).toBeGreaterThan(100);
  });

  const http = (expected: string): string =>
    packText(`- { id: a, run: { uses: "builtin:http", with: { url: "https://a.test", expect: ${expected} } } }`);

  it.each([
    ['[200, 404]', '["404", 200, "200"]'],
    ['["2xx", 404]', '[404, 404, 2xx]'],
  ])('knows %s for %s', (one, other) => {
    expect(digest(http(one))).toBe(digest(http(other)));
  });

  it.each(['["1e3"]', '["0200"]', '["abc"]', '[null]', '[200, "0x1"]', '["600"]', '["6xx"]', '[[200]]', '[""]'])(
    'takes expect: %s as it is written, and planning refuses it',
    (expected) => {
      const meant = (JSON.parse(expected) as Json[]).map((one) => (one === null ? 0 : Number(one)));
      expect(digest(http(expected))).not.toBe(digest(http(JSON.stringify(meant))));
      const planning = plan(http(expected));
      expect(planning.kind === 'refused' && planning.faults.map(({ code }) => code)).toContain('EXECUTOR_PARAMETER');
    },
  );
});
