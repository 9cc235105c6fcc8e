import { randomBytes } from 'node:crypto';
import type { Digest, RunId, TenantId } from '@taskrunner/core/foundation';
import type { SensitivePlace } from '@taskrunner/core/ports';
import { SensitiveInputsKey } from './sensitive-key';

const key = new SensitiveInputsKey(randomBytes(32));
const place = (change: Partial<SensitivePlace> = {}): SensitivePlace => ({
  runId: 'run_a' as RunId,
  name: 'pin',
  planHash: `sha256:${'0'.repeat(64)}` as Digest,
  ...change,
});

it('the key has an id that databases and backups keep: it never changes', () => {
  expect(new SensitiveInputsKey(Buffer.alloc(32, 7)).keyid).toBe('HKDF:0e528ec93424770db7b6bd3a5d8bfeb8');
  expect(key.keyid).not.toBe(new SensitiveInputsKey(randomBytes(32)).keyid);
});

describe('sealed sensitive inputs', () => {
  it.each(['4711-0815-geheim', { a: ['é', 1, null] }, 12345679.5])('open where they belong: %j', (value) => {
    const sealed = key.seal(place(), JSON.stringify(value));
    expect(key.open(place(), sealed)).toEqual(value);
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('4711');
    expect(key.seal(place(), JSON.stringify(value))).not.toEqual(sealed);
  });

  it.each<readonly [string, Partial<SensitivePlace>]>([
    ['of another run', { runId: 'run_b' as RunId }],
    ['of another name', { name: 'pin2' }],
    ['of another plan', { planHash: `sha256:${'1'.repeat(64)}` as Digest }],
  ])('do not open in place of one %s', (_, change) => {
    expect(key.open(place(change), key.seal(place(), '"value-of-a-run"'))).toBeNull();
  });

  it('do not open when any byte was changed, when cut, or under another key', () => {
    const sealed = key.seal(place(), '"value-of-a-run"');
    for (let at = 0; at < sealed.length; at++) {
      expect(
        key.open(
          place(),
          sealed.map((byte, i) => (i === at ? byte ^ 1 : byte)),
        ),
      ).toBeNull();
      expect(key.open(place(), sealed.subarray(0, at))).toBeNull();
    }
    expect(new SensitiveInputsKey(randomBytes(32)).open(place(), sealed)).toBeNull();
  });

  it('keyed digests depend on key, tenant and text', () => {
    const other = new SensitiveInputsKey(randomBytes(32));
    const [a, b] = ['a' as TenantId, 'b' as TenantId];
    expect(new Set([key.digest(a, 'x'), key.digest(b, 'x'), key.digest(a, 'y'), other.digest(a, 'x')]).size).toBe(4);
    expect(key.digest(a, 'x')).toBe(key.digest(a, 'x'));
  });
});
