import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrust } from '@taskrunner/core/evidence';
import { runCommandLine } from '../program';
import type { Terminal } from '../terminal/terminal';
import { trustEntry } from './trust-entry';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const pems = {
  private: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  public: publicKey.export({ type: 'spki', format: 'pem' }) as string,
};

it('a trust file with the entries of key files can be read', () => {
  const entry = trustEntry('run-open.pem', pems.private, 'run-open', new Date('2026-11-29T00:00:00Z'));
  expect(entry).toMatchObject({ algorithm: 'ed25519', keyid: expect.stringMatching(/^SHA256:/) as string });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
  const other = trustEntry('admission.pub.pem', p256 as string, 'admission');
  const trust = {
    ...{ schema: 'taskrunner.trust.v1', id: 'acme', serial: 1 },
    ...{ issued: '2026-11-29T00:00:00Z', expires: '2027-11-29T00:00:00Z' },
    keys: [entry, other],
    ...{ issuers: [], approvers: [], timestampAuthorities: [] },
    require: {
      ...{ mode: 'any', proof: 'service', time: 'asserted', checkpoints: false, minApprovals: 0, packSigners: 0 },
      ...{ carried: true, builds: [], signatures: { run: 1 } },
    },
  };
  expect(readTrust(JSON.stringify(trust)).keys).toHaveLength(2);
  expect(entry.builders).toEqual(['https://stellaops.io/taskrunner/builders/local/v1']);
  expect([other.algorithm, other.builders]).toEqual(['ecdsa-p256', []]);
});

it('the private and the public file have the same entry, which is public', () => {
  const now = new Date(0);
  const entry = trustEntry('a', pems.private, 'admission', now);
  expect(trustEntry('b', pems.public, 'admission', now)).toEqual(entry);
  expect(JSON.stringify(entry)).not.toContain('PRIVATE');
});

it.each([
  ['no key', 'x'],
  [
    'a key that nothing can be signed with',
    generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }),
  ],
])('%s is refused with its path', (_, pem) => {
  expect(() => trustEntry('keys/journal-mac.key', pem as string, 'admission')).toThrow(
    /^keys\/journal-mac\.key is not a key/,
  );
});

describe('taskrunner key', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'key-'));
    for (const name of ['ledger.pem', 'release-2026.pem']) writeFileSync(join(folder, name), pems.private);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const key = async (...words: readonly string[]) => {
    const said = { out: [] as string[], err: [] as string[] };
    const terminal = {
      print: (text: string) => void said.out.push(text),
      say: (text: string) => void said.err.push(text),
    } as unknown as Terminal;
    const readStdin = (): Promise<Uint8Array> => Promise.reject(new Error('nothing is read'));
    const [file = '', ...options] = words;
    const supplied = ['key', join(folder, file), ...options];
    const exit = await runCommandLine({ arguments: supplied, terminal, env: {}, readStdin, version: '0' });
    return { exit, ...said };
  };

  it('makes an entry that is valid from the time that is given, for keys that have signed already', async () => {
    const { exit, out, err } = await key('ledger.pem', '--usage', 'ledger', '--start', '2026-01-02T03:04:05Z');
    expect([exit, err, JSON.parse(out.join(''))]).toMatchObject([
      0,
      [],
      { validFor: { start: '2026-01-02T03:04:05.000Z', end: '2028-01-02T03:04:05.000Z' } },
    ]);
    for (const wrong of ['yesterday', '2026-01-02', '2026-13-02T00:00:00Z'])
      expect(await key('ledger.pem', '--usage', 'ledger', '--start', wrong)).toMatchObject({
        exit: 2,
        err: [`CLI_USAGE ${wrong} is not a time of RFC 3339`, expect.any(String)],
      });
  });

  it('warns of a usage that the name of the file contradicts', async () => {
    const { exit, err } = await key('ledger.pem', '--usage', 'admission');
    expect([exit, err[0]]).toEqual([
      0,
      `warning: ${join(folder, 'ledger.pem')} has the name of the key for ledger, and its entry is for admission`,
    ]);
    expect((await key('release-2026.pem', '--usage', 'pack')).err).toEqual([]);
  });
});
