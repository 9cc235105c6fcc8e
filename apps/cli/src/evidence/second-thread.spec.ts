import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleRun, sealBundle } from '@taskrunner/core/testing';
import { writeTar } from '@taskrunner/infrastructure/archive';
import { runCommandLine } from '../program';
import { TWO_THREADS_FROM, SecondThread } from './second-thread';

describe('a second thread', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'threads-'));
    const sample = await sampleRun();
    const parts: Uint8Array[] = [];
    const files = [...sealBundle(sample)].map(([path, bytes]) => ({ path, bytes }));
    for await (const part of writeTar(files)) parts.push(part);
    writeFileSync(at('run.tar'), Buffer.concat(parts));
    writeFileSync(at('trust.json'), JSON.stringify({ ...sample.trust, expires: '2099-01-01T00:00:00.000Z' }));
    writeFileSync(at('large.tar'), Buffer.alloc(TWO_THREADS_FROM));
    writeFileSync(at('mute.js'), '');
    writeFileSync(at('broken.js'), 'throw new Error("no memory");');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function verify(threads: string, checkThread: string) {
    const out: string[] = [];
    const said: string[] = [];
    const terminal = {
      isInteractive: false,
      print: (line: string) => void out.push(line),
      say: (line: string) => void said.push(line),
    };
    const exit = await runCommandLine({
      arguments: ['verify', at('run.tar'), '--trust', at('trust.json'), '--json', '--threads', threads],
      terminal: terminal as never,
      env: {},
      readStdin: () => Promise.resolve(new Uint8Array()),
      version: '0',
      checkThread,
    });
    return { exit, out, said };
  }

  it.each([
    ['broken.js', 'no memory'],
    ['mute.js', 'it ended with code 0'],
    ['missing.js', 'Cannot find module'],
  ])('that has no answer (%s) leaves all checks to the first, and this is said', async (entry, reason) => {
    const single = await verify('1', at(entry));
    expect(single).toMatchObject({ exit: 0, said: [] });
    const { exit, out, said } = await verify('2', at(entry));
    expect({ exit, out }).toEqual({ exit: 0, out: single.out });
    expect(said).toEqual([expect.stringContaining(reason)]);
    expect(said[0]).toMatch(/^note: the second thread failed \(.*\): one thread made all checks$/s);
  });

  it('is there for large bundles, where it is asked for, and where the program has one', async () => {
    const isThere = (supplied: { entry?: string; asked?: '1' | '2'; bundle?: string }) =>
      SecondThread.beside({ entry: at('mute.js'), asked: undefined, bundle: at('run.tar'), ...supplied }, (second) =>
        Promise.resolve(second !== null),
      );
    expect(await isThere({})).toBe(false);
    expect(await isThere({ bundle: at('missing.tar') })).toBe(false);
    expect(await isThere({ asked: '2' })).toBe(true);
    expect(await isThere({ bundle: at('large.tar'), asked: '1' })).toBe(false);
    expect(
      await SecondThread.beside({ entry: undefined, asked: '2', bundle: at('large.tar') }, async (second) => second),
    ).toBeNull();
  });
});
