import 'reflect-metadata';
import type { Json } from '@taskrunner/core/foundation';
import { loadDescriptions } from '../openapi/described';
import { BODIES, type BodyName, type BodyOf } from './bodies';
import { readBody } from './read-body';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const submission = (value: object) => readBody('submitRun', bytesOf(value), 1_000).value as BodyOf<'submitRun'>;
const refusalOf = (value: object): unknown => {
  try {
    return submission(value);
  } catch (error) {
    return error;
  }
};

describe('readBody', () => {
  it('gives a pack and large inputs as texts and bytes, and references to files as values', () => {
    const report = { digest: `sha256:${'0'.repeat(64)}`, size: 7 };
    const items = Array.from({ length: 5_000 }, (_, i) => ({ i }));
    const files = ['a', 'b'].map((path) => ({ path, contentBase64: Buffer.from(path).toString('base64') }));
    const { pack, inputs, labels } = submission({
      ...{ manifest: { b: [1], a: {} }, files, labels: { team: 'x' } },
      inputs: { report, items, dry: true },
    });
    if (pack.kind !== 'source') throw new Error(pack.kind);
    expect(pack.source).toMatchObject({ manifest: '{"a":{},"b":[1]}', hasLines: false });
    expect(pack.source.files.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['a', 'b']);
    expect(new Set(pack.source.files.map(({ bytes }) => bytes.buffer)).size).toBe(1);
    expect(inputs.values).toEqual({ report, dry: true });
    expect(JSON.parse(inputs.text ?? '')).toEqual({ items });
    expect(labels).toEqual({ team: 'x' });
  });

  it('identifies a body by its value, if the request may be repeated', () => {
    const digestsOf = (text: string) => readBody('submitRun', new TextEncoder().encode(text), 1_000, true).digests;
    const texts = [
      '{"manifest":"x","inputs":{"a":1.0,"b":"\\u0041","10":[],"9":null}}',
      ' { "inputs": { "9": null, "b": "A", "a": 1, "10": [ ] },\n"manifest": "x" } ',
    ];
    const [first, second] = texts.map(digestsOf);
    expect(second?.value).toBe(first?.value);
    expect(second?.bytes).not.toBe(first?.bytes);
    expect(digestsOf('{"manifest":"x","inputs":{"a":2}}')?.value).not.toBe(first?.value);
    const endless = digestsOf('{"manifest":"x","inputs":{"a":1e999}}');
    expect(endless?.value).toBe(endless?.bytes);
    expect(readBody('submitRun', bytesOf({ manifest: 'x' }), 1_000).digests).toBeNull();
  });

  it('takes a file of many MiB', () => {
    const bytes = new Uint8Array(6 * 1024 ** 2).fill(251);
    const { pack } = submission({
      manifest: '',
      files: [{ path: 'a', contentBase64: Buffer.from(bytes).toString('base64') }],
    });
    expect(pack.kind === 'source' && Buffer.compare(pack.source.files[0]?.bytes ?? Buffer.of(), bytes)).toBe(0);
  });

  it.each(['a', 'ab=a', 'a===', '====', 'abc-', 'ab c'])('refuses %j as base64', (contentBase64) => {
    expect(refusalOf({ manifest: '', files: [{ path: 'a', contentBase64 }] })).toMatchObject({
      faults: [{ path: '/files/0/contentBase64', message: 'contentBase64 must be base64 with padding.' }],
    });
  });

  it.each<[BodyName, object, string[]]>([
    [
      'submitRun',
      { manifest: '', labels: { 'a/b': 1, c: 'x' } },
      ['/labels/a~1b The value must be a text of at most 256 characters.'],
    ],
    [
      'submitRun',
      { manifest: '', labels: { '': 'x', 'a:b': 'y', 'c d': 'z' } },
      ['', 'a:b'].map((name) => `/labels/${name} The value must have a name that is not empty and has no colon.`),
    ],
    [
      'submitRun',
      { manifest: '', labels: [] },
      ['/labels labels must be an object with at most 64 members, whose names have at most 63 characters.'],
    ],
    [
      'submitRun',
      { manifest: '', receipt: { inputs: 1 } },
      ['/receipt/inputs The value must be sha256: followed by 64 hexadecimal digits.'],
    ],
    ['submitRun', { manifest: '', files: { a: 1 } }, ['/files files must be an array.']],
    [
      'submitRun',
      { manifest: '', files: [1, [], null] },
      [0, 1, 2].map((at) => `/files/${at} The element must be an object.`),
    ],
    [
      'submitRun',
      { manifest: '', files: [{ path: 1, contentBase64: 2 }] },
      ['/files/0/path path must be a string.', '/files/0/contentBase64 contentBase64 must be a string.'],
    ],
    ['submitRun', { manifest: '', signatures: [{}, 1] }, ['/signatures/1 The value must be an object.']],
    ['submitRun', { manifest: '', '': 1 }, ['/ The member  is unknown.']],
    ['publishPack', { manifest: '', signatures: 'x' }, ['/signatures signatures must be an array.']],
    ['cancelRun', { reason: 5 }, ['/reason reason must be a string.']],
    ['editSchedule', { cron: 1 }, ['/cron cron must be a string.']],
    ['editSchedule', { files: 1 }, ['/files files can be sent only together with manifest.']],
    [
      'releaseEvidence',
      { reason: 'r', paths: ['a', 1] },
      ['/paths/1 The value must be a text of at most 4096 characters.'],
    ],
    [
      'resolveAttention',
      { execution: 'x', outcome: 'retry', reason: 'r' },
      ['/execution execution must be an integer number.'],
    ],
    ['diffPlans', { before: 1, after: { manifest: '' } }, ['/before before must be an object.']],
  ])('tells each fault of %s once, at its place, the type first: %j', (name, body, faults) => {
    expect(() => readBody(name, bytesOf(body), 1_000)).toThrow(
      expect.objectContaining({
        faults: faults.map(
          (text) =>
            expect.objectContaining({
              path: text.slice(0, text.indexOf(' ')),
              message: text.slice(text.indexOf(' ') + 1),
            }) as unknown,
        ),
      }),
    );
  });

  it('shows the first hundred of many faults', () => {
    expect(refusalOf({ manifest: '', files: Array(200).fill({}) })).toMatchObject({
      code: 'REQUEST_INVALID',
      message: 'the request has 400 errors; the first 100 are listed',
      faults: { length: 100 },
    });
  });

  it.each([
    ['/labels/team', { manifest: '', labels: { team: '\ud800' } }],
    ['/labels/a\ufffd~1b', { manifest: '', labels: { 'a\udfff/b': 'x' } }],
    ['/inputs/list/1', { manifest: '', inputs: { list: ['\ud83d\ude00', '\ude00\ud83d'] } }],
    ['/manifest', { manifest: 'a: \udbff' }],
  ])('refuses an unpaired surrogate and names its place: %s', (path, body) => {
    expect(refusalOf(body)).toMatchObject({
      code: 'REQUEST_INVALID',
      faults: [{ path, message: 'The text contains an unpaired surrogate.' }],
    });
  });

  it.each(Object.keys(BODIES) as BodyName[])(
    'refuses null for each member of %s that is not nullable',
    async (name) => {
      await loadDescriptions();
      const { prototype } = BODIES[name].type as { readonly prototype: object };
      const members = Reflect.getMetadata('swagger/apiModelPropertiesArray', prototype) as string[];
      const accepted = members
        .map((member) => member.slice(1))
        .filter((member) => {
          try {
            readBody(name, bytesOf({ [member]: null }), 1_000);
            return true;
          } catch (error) {
            return (
              (error as { faults?: { path: string }[] }).faults?.some(({ path }) => path === `/${member}`) !== true
            );
          }
        });
      const nullable = members
        .map((member) => member.slice(1))
        .filter((member) => {
          const schema = Reflect.getMetadata('swagger/apiModelProperties', prototype, member) as { nullable?: boolean };
          return schema.nullable === true;
        });
      expect(accepted).toEqual(nullable);
    },
  );

  it('looks at no part of a list that is too long', () => {
    expect(refusalOf({ manifest: '', files: Array(10_001).fill({}) })).toMatchObject({
      faults: [{ path: '/files', message: 'files must contain no more than 10000 elements.' }],
    });
  });

  it.each<Json>([
    { signatures: [{ payload: Array(1_000).fill(1) }] },
    { receipt: {}, signatures: [{ a: 'x'.repeat(300_000) }] },
  ])('refuses what is heavy beside a pack and its inputs: %#', (beside) => {
    expect(refusalOf({ manifest: '', ...(beside as object) })).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});
