import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPack, type Pack } from '@taskrunner/core/pack';
import { loadPack } from './pack-argument';
import { fromText, readInputs, splitAssignment } from './input-arguments';

const MANIFEST = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: inputs, version: 1.0.0 }
spec:
  inputs:
    - { name: text, type: string }
    - { name: count, type: integer }
    - { name: list, type: array }
    - { name: file, type: file }
  steps: [ { id: a, run: { uses: "builtin:noop" } } ]
`;

function rulesOf(): Pack['spec']['inputs'] {
  const reading = readPack(MANIFEST);
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.pack.spec.inputs;
}

describe('inputs on the command line', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    writeFileSync(join(folder, 'in.yaml'), 'text: from file\ncount: 1\n');
    writeFileSync(join(folder, 'list.json'), '[1, 2]');
    writeFileSync(join(folder, 'text.txt'), 'line\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const noStdin = () => Promise.reject(new Error('stdin was read'));

  it('refuses a name that is given twice, and takes the file of all inputs for what it does not give', async () => {
    await expect(readInputs({ input: ['count=1', 'text=a', 'count=2'] }, rulesOf(), noStdin)).rejects.toMatchObject({
      ...{ code: 'CLI_USAGE', message: '-i count: the input has one value, and was given again' },
    });
    const inputs = join(folder, 'in.yaml');
    expect(await readInputs({ inputs, input: ['count=2'] }, rulesOf(), noStdin)).toEqual({
      text: 'from file',
      count: 2,
    });
  });

  it('says of a folder that it is one', async () => {
    for (const name of ['file', 'text'])
      await expect(readInputs({ input: [`${name}=@${folder}`] }, rulesOf(), noStdin)).rejects.toMatchObject({
        code: 'CLI_FILE',
        message: `${folder} is a folder`,
        remediation: 'Pass a file. For an input of type file, pass a tar.',
      });
  });

  it('says of a pack name without a whole version how to name a published pack', async () => {
    for (const name of ['nopack:1.0', 'nopack@sha256:12'])
      await expect(loadPack(name)).rejects.toMatchObject({
        code: 'CLI_FILE',
        message: `${name} does not exist`,
        remediation: expect.stringContaining('For a published pack: name:1.0.0'),
      });
    await expect(loadPack('folder/nopack:1.0')).rejects.toMatchObject({ remediation: 'Check the path.' });
  });

  it.each([
    ['a=b', { name: 'a', value: 'b' }],
    ['a=', { name: 'a', value: '' }],
    ['a=b=c', { name: 'a', value: 'b=c' }],
  ])('%s', (written, parts) => {
    expect(splitAssignment(written)).toEqual(parts);
  });

  it.each(['', 'a', '=b'])('refuses %j', (written) => {
    expect(() => splitAssignment(written)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }));
  });

  it.each([
    ['string', '5', '5'],
    ['string', 'true', 'true'],
    ['integer', '5', 5],
    ['boolean', 'true', true],
    ['array', '["a"]', ['a']],
    [undefined, '5', 5],
    [undefined, 'free text', 'free text'],
  ])('reads of type %s %j as %j', (type, text, value) => {
    expect(fromText('x', text, type)).toEqual(value);
  });

  it('refuses what is not of the type', () => {
    expect(() => fromText('count', 'many', 'integer')).toThrow(expect.objectContaining({ code: 'CLI_INPUT' }));
    expect(() => fromText('file', 'path', 'file')).toThrow(
      expect.objectContaining({ remediation: 'Use -i file=@path.' }),
    );
  });

  it('go over those of the file, in order; @ takes a file as its type says', async () => {
    const options = {
      inputs: join(folder, 'in.yaml'),
      input: [
        'count=2',
        `list=@${join(folder, 'list.json')}`,
        `text=@${join(folder, 'text.txt')}`,
        `file=@${join(folder, 'text.txt')}`,
      ],
    };
    expect(await readInputs(options, rulesOf(), noStdin)).toEqual({
      text: 'line\n',
      count: 2,
      list: [1, 2],
      file: { digest: 'sha256:c73b73af8851e9e91bc6b4dc12e7dace0a2bfb931c1d0b8b36ef367319f58cd1', size: 5 },
    });
  });

  it('come from stdin for -', async () => {
    const stdin = () => Promise.resolve(new TextEncoder().encode('{"count": 3}'));
    expect(await readInputs({ inputs: '-' }, rulesOf(), stdin)).toEqual({ count: 3 });
  });

  it('are told with their line where they cannot be read', async () => {
    const stdin = () => Promise.resolve(new TextEncoder().encode('a: 1\na: 2\n'));
    await expect(readInputs({ inputs: '-' }, rulesOf(), stdin)).rejects.toMatchObject({
      code: 'CLI_INPUT',
      message: expect.stringMatching(/^DOC_DUPLICATE_KEY -:2:1 /),
    });
  });
});
