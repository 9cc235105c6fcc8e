import { execFileSync } from 'node:child_process';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { preAuthEncoding } from '@taskrunner/core/evidence';
import { FileSigner } from './file-signer';
import { fingerprint } from './fingerprint';
import { generateKeyFile, loadKey } from './key-file';
import { generateMacKeyFile, loadMacKey, MacKey } from './mac-key';
import { verifyEd25519, verifyP256 } from './verify-signature';

const vectors = process.env.TASKRUNNER_VECTORS ?? resolve(__dirname, '../../../../../../shared/vectors');
const decode = (text: string, encoding: 'base64' | 'hex') => Uint8Array.from(Buffer.from(text, encoding));
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'signing-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('key files', () => {
  it('are private, read back as the same key, and never replaced', async () => {
    const path = join(folder, 'ledger.pem');
    const made = await generateKeyFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await loadKey(path)).keyid).toBe(made.keyid);
    await expect(generateKeyFile(path)).rejects.toMatchObject({ code: 'KEY_FILE_EXISTS' });
  });

  it.each([0o640, 0o604, 0o660, 0o644])('are refused with mode %o', async (mode) => {
    const path = join(folder, `mode-${mode}`);
    await generateKeyFile(path);
    await chmod(path, mode);
    await expect(loadKey(path)).rejects.toMatchObject({ code: 'KEY_FILE_MODE' });
  });

  it('are refused if missing or another kind of key, and never quoted', async () => {
    await expect(loadKey(join(folder, 'none'))).rejects.toMatchObject({
      code: 'KEY_FILE_MISSING',
      // With another key a worker would treat existing rows as altered.
      remediation: expect.stringMatching(/restore the file from the backup.*only for a new installation/),
    });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const [name, content] of [
      ['garbage', 'not-a-key-but-secret'],
      ['ec', ec.toString()],
    ] as const) {
      await writeFile(join(folder, name), content, { mode: 0o600 });
      const error: unknown = await loadKey(join(folder, name)).catch((refused: unknown) => refused);
      expect(error).toMatchObject({ code: 'KEY_FILE_INVALID' });
      expect(JSON.stringify(error)).not.toContain('not-a-key-but-secret');
    }
  });
});

describe('FileSigner', () => {
  it('signs the DSSE encoding of the exact bytes', async () => {
    const signer = await FileSigner.open('ledger', join(folder, 'ledger.pem'));
    const envelope = await signer.sign('application/vnd.taskrunner.decision+json', '{"über":"☃"}');
    expect(Object.keys(envelope)).toEqual(['payload', 'payloadType', 'signatures']);
    expect(envelope.signatures).toHaveLength(1);
    expect(envelope.signatures[0]?.keyid).toBe(signer.keyid);
    const payload = decode(envelope.payload, 'base64');
    expect(new TextDecoder().decode(payload)).toBe('{"über":"☃"}');
    const signature = decode(envelope.signatures[0]?.sig ?? '', 'base64');
    expect(verifyEd25519(signer.publicKeyPem, preAuthEncoding(envelope.payloadType, payload), signature)).toBe(true);
    expect(verifyEd25519(signer.publicKeyPem, preAuthEncoding('other', payload), signature)).toBe(false);
    expect(verifyEd25519(signer.publicKeyPem, payload, signature)).toBe(false);
    await expect(signer.sign('x', '\ud800')).rejects.toThrow(TypeError);
  });

  it('names its key as OpenSSH does', () => {
    // The public key of RFC 8032 §7.1, test 1, and the constant prefix of Ed25519 keys in `authorized_keys` files.
    const x = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
    const head = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIA==', 'base64').subarray(0, 19);
    const blob = Buffer.from([...head, ...x]);
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, format: 'jwk' });
    let listed: string;
    try {
      const line = `ssh-ed25519 ${blob.toString('base64')}\n`;
      listed = execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: line }).toString();
    } catch {
      console.warn('skipped: no ssh-keygen here');
      return;
    }
    expect(fingerprint(key)).toBe(listed.split(' ')[1]);
  });
});

describe('MacKey', () => {
  it('gives the same mac after it is read back, another for another key', async () => {
    const made = await generateMacKeyFile(join(folder, 'mac'));
    const read = await loadMacKey(join(folder, 'mac'));
    const mac = made.mac('page');
    expect(mac).toMatch(/^[0-9a-f]{64}$/);
    expect(read.check('page', mac)).toBe(true);
    expect(read.check('pagf', mac)).toBe(false);
    expect(read.check('page', mac.slice(1))).toBe(false);
    expect((await generateMacKeyFile(join(folder, 'mac-2'))).check('page', mac)).toBe(false);
    await chmod(join(folder, 'mac'), 0o644);
    await expect(loadMacKey(join(folder, 'mac'))).rejects.toMatchObject({ code: 'KEY_FILE_MODE' });
  });

  it('has an id that databases and backups keep: it never changes, and is no mac that the key makes', () => {
    const key = createSecretKey(Buffer.alloc(32, 7));
    // OpenSSL: kdf -keylen 16 -kdfopt digest:SHA256 -kdfopt hexkey:0707… -kdfopt info:'taskrunner journal-mac.id.v1' HKDF
    expect(new MacKey(key).keyid).toBe('HKDF:bb4794c7f358ed2472694d8579e8797c');
    expect(new MacKey(key).mac('taskrunner journal-mac.id.v1')).not.toMatch(/^bb4794c7/);
  });
});

interface Wycheproof {
  testGroups: {
    publicKeyPem: string;
    tests: { tcId: number; msg: string; sig: string; result: 'valid' | 'invalid' | 'acceptable' }[];
  }[];
}

describe.each([
  ['ed25519_test.json', verifyEd25519],
  ['ecdsa_secp256r1_sha256_test.json', verifyP256],
] as const)('published signatures of %s', (name, verifies) => {
  const path = join(vectors, 'wycheproof/testvectors_v1', name);
  const present = existsSync(path);
  if (!present) console.warn(`skipped: no vectors at ${path}`);
  (present ? it : it.skip)('verify exactly where they should', () => {
    const { testGroups } = JSON.parse(readFileSync(path, 'utf8')) as Wycheproof;
    const wrong: string[] = [];
    let count = 0;
    for (const { publicKeyPem, tests } of testGroups)
      for (const { tcId, msg, sig, result } of tests) {
        count++;
        const answer = verifies(publicKeyPem, decode(msg, 'hex'), decode(sig, 'hex'));
        if (result !== 'acceptable' && answer !== (result === 'valid')) wrong.push(`${tcId} ${result}`);
      }
    expect(count).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });
});
