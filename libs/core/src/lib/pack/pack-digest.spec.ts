import fc from 'fast-check';
import type { Json, JsonObject } from '../foundation/json';
import { contentDigest, toManifest } from './pack-digest';
import { NO_FILES, type PackFiles } from './pack-files';
import { CANONICAL, filesOf, PUBLISHED, readText } from '../../testing/pack-texts';
import { searchedCases } from '../../testing/runs-of-laws';

describe('printing', () => {
  it('and reading again gives the same pack', () => {
    for (const text of [CANONICAL, PUBLISHED]) {
      const printed = toManifest(readText(text));
      expect(toManifest(readText(JSON.stringify(printed)))).toEqual(printed);
    }
  });

  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/);
  const text = fc.string({ maxLength: 12 }).filter((value) => value.isWellFormed());
  const seconds = fc.integer({ min: 1, max: 100_000 });
  const { step } = fc.letrec<{ step: JsonObject }>((tie) => ({
    step: fc.record(
      {
        name: text,
        when: text,
        runOn: fc.constantFrom('success', 'failure', 'always'),
        timeout: seconds.map((s) => `${s}s`),
        workers: fc.array(name, { maxLength: 2 }),
        kind: fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          fc.record({ run: fc.record({ uses: fc.constantFrom('builtin:noop', 'ext:x@1.0.0'), with: fc.dictionary(name, text), env: fc.dictionary(fc.stringMatching(/^[A-Z]{1,3}$/), text), artifacts: fc.array(fc.record({ name, path: name, optional: fc.boolean() }), { maxLength: 1 }) }, { requiredKeys: ['uses'] }), retries: fc.record({ maxAttempts: fc.integer({ min: 1, max: 9 }), backoffSeconds: fc.integer({ min: 0, max: 90 }) }, { requiredKeys: [] }) }),
          fc.record({ group: fc.record({ steps: fc.array(tie('step'), { minLength: 1, maxLength: 2 }) }) }),
          fc.record({ parallel: fc.record({ steps: fc.array(tie('step'), { minLength: 1, maxLength: 2 }), maxParallel: fc.integer({ min: 1, max: 5 }), continueOnError: fc.boolean() }, { requiredKeys: ['steps'] }) }),
          fc.record({ map: fc.record({ items: text, step: tie('step'), label: text, continueOnError: fc.boolean() }, { requiredKeys: ['items', 'step'] }) }),
          fc.record({ loop: fc.record({ until: text, body: fc.array(tie('step'), { minLength: 1, maxLength: 2 }), delay: seconds.map((s) => `${s}s`), aggregation: fc.constantFrom('collect', 'last') }, { requiredKeys: ['until', 'body'] }) }),
          fc.record({ conditional: fc.record({ branches: fc.array(fc.record({ when: fc.boolean(), then: fc.array(tie('step'), { minLength: 1, maxLength: 1 }) }), { minLength: 1, maxLength: 2 }), else: fc.array(tie('step'), { minLength: 1, maxLength: 1 }) }, { requiredKeys: ['branches'] }) }),
        ),
      },
      { requiredKeys: ['kind'] },
    ).map(({ kind, ...common }) => ({ ...common, ...(kind as JsonObject) })),
  })); // prettier-ignore

  it('is the inverse of reading, for any pack', () => {
    let count = 0;
    const numbered = (value: Json): Json => {
      if (Array.isArray(value)) return (value as readonly Json[]).map(numbered);
      if (typeof value !== 'object' || value === null) return value;
      const parts = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, numbered(part)]));
      const isStep = ['run', 'group', 'parallel', 'map', 'loop', 'conditional'].some((kind) => kind in parts);
      return isStep ? { id: `s${count++}`, ...parts } : parts;
    };
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), (steps) => {
        const manifest = { apiVersion: 'stellaops.io/pack.v1', kind: 'TaskPack', metadata: { name: 'a', version: '1.0.0' }, spec: { steps: numbered(steps) } }; // prettier-ignore
        const pack = readText(JSON.stringify(manifest));
        const printed = toManifest(pack);
        const again = readText(JSON.stringify(printed));
        expect(toManifest(again)).toEqual(printed);
        expect(contentDigest(again, NO_FILES)).toBe(contentDigest(pack, NO_FILES));
      }),
      searchedCases(30, 2_000),
    );
  });
});

describe('the content digest', () => {
  const base = contentDigest(readText(CANONICAL), NO_FILES);

  it('does not see key order, format, or what only explains', () => {
    const json = JSON.stringify(toManifest(readText(CANONICAL)));
    const described = CANONICAL.replace(
      'version: 1.0.0',
      'version: 1.0.0, description: x, tags: [y], license: MIT, maintainers: [{ name: z }], annotations: { a: 1 }',
    );
    expect(contentDigest(readText(json), NO_FILES)).toBe(base);
    expect(contentDigest(readText(described), NO_FILES)).toBe(base);
  });

  it.each<[string, string]>([
    ['message: hi', 'message: ho'],
    ['version: 1.0.0', 'version: 1.0.1'],
    ['expiresAfter: 4h', 'expiresAfter: 5h'],
    ['sealedInstall: true', 'sealedInstall: false'],
    ['command: [a]', 'command: [a, b]'],
  ])('sees %s become %s', (from, to) => {
    expect(contentDigest(readText(CANONICAL.replace(from, to)), NO_FILES)).not.toBe(base);
  });

  it('sees files, their bytes and their mode, and no ignored one', () => {
    const digest = (files: PackFiles) => contentDigest(readText(CANONICAL), files);
    const one = digest(filesOf({ 'a.txt': 'x' }));
    expect(one).not.toBe(base);
    expect(digest(filesOf({ 'a.txt': 'y' }))).not.toBe(one);
    expect(digest({ ...filesOf({ 'a.txt': 'x' }), executable: () => true })).not.toBe(one);
    expect(digest(filesOf({ 'pack.yaml': CANONICAL }))).toBe(base);
    const ignoring = digest(filesOf({ '.packignore': '*.log\n' }));
    expect(digest(filesOf({ '.packignore': '*.log\n', 'deep/b.log': 'x' }))).toBe(ignoring);
  });
});
