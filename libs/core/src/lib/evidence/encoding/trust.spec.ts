import fc from 'fast-check';
import { aKey, trustOf } from '../../../testing/sample-signing';
import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import { fromBase64, toBase64 } from './base64';
import { parseCanonical, parseStrictJson } from './strict-json';
import { readTrust } from './trust';
import { lawRuns } from '../../../testing/runs-of-laws';

const trust = trustOf([aKey('run-open'), aKey('admission', 'ecdsa-p256')]);
const text = (change: (copy: typeof trust) => unknown): string => {
  const copy = structuredClone(trust);
  return JSON.stringify(change(copy) ?? copy, null, 2);
};

describe('readTrust', () => {
  it('reads what it is given', () => {
    expect(readTrust(text(() => undefined))).toEqual(trust);
  });

  const first = trust.keys[0] as (typeof trust.keys)[number];
  it.each<[string, string, string]>([
    ['an unknown member', text((t) => ({ ...t, more: 1 })), '/more'],
    ['a missing member', text((t) => ({ ...t, serial: undefined })), '/serial'],
    ['another schema', text((t) => ({ ...t, schema: 'taskrunner.trust.v2' })), '/schema'],
    ['an unknown usage', text((t) => ({ ...t, keys: [{ ...first, usages: ['all'] }] })), '/keys/0/usages/0'],
    ['a time without Z', text((t) => ({ ...t, expires: '2027-01-01T00:00:00+01:00' })), '/expires'],
    ['an unknown requirement', text((t) => ({ ...t, require: { ...t.require, x: 1 } })), '/require/x'],
    ['a number in words', text((t) => ({ ...t, serial: '7' })), '/serial'],
  ])('refuses %s', (_what, json, path) => {
    expect(() => readTrust(json)).toThrow(
      expect.objectContaining({
        code: 'TRUST_INVALID',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });

  it.each<[string, string, string]>([
    ['a key twice', text((t) => ({ ...t, keys: [first, { ...first, keyid: 'other' }] })), 'TRUST_INVALID'],
    [
      'a keyid that is not the fingerprint of the key',
      text((t) => ({ ...t, keys: [{ ...first, keyid: 'SHA256:other' }] })),
      'TRUST_INVALID',
    ],
    [
      'a key of another algorithm',
      text((t) => ({ ...t, keys: [{ ...first, algorithm: 'ecdsa-p256' }] })),
      'TRUST_INVALID',
    ],
    [
      'a key that ends before it starts',
      text((t) => ({
        ...t,
        keys: [{ ...first, validFor: { start: '2027-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z' } }],
      })),
      'TRUST_INVALID',
    ],
    ['no key', text((t) => ({ ...t, keys: [{ ...first, spki: 'AAAA' }] })), 'KEY_UNSUPPORTED'],
    ['duplicate keys of JSON', '{"schema":"taskrunner.trust.v1","schema":"taskrunner.trust.v1"}', 'EVIDENCE_JSON'],
  ])('refuses %s', (_what, json, code) => {
    expect(() => readTrust(json)).toThrow(expect.objectContaining({ code }));
  });

  it.each<[string, string]>([
    [text((t) => ({ ...t, keys: [first, { ...first, algorithm: 'ecdsa-p256', spki: 'AAAA' }] })), '/keys/1/spki'],
    [text((t) => ({ ...t, keys: [first, first] })), '/keys/1/spki'],
    [text((t) => ({ ...t, approvers: [{ iss: 'i', sub: 's', spki: '' }] })), '/approvers/0/spki'],
    [text((t) => ({ ...t, expires: t.issued, issued: t.expires })), '/expires'],
  ])('says where a contradiction stands', (json, path) => {
    expect(() => readTrust(json)).toThrow(
      expect.objectContaining({ faults: [expect.objectContaining({ path, message: expect.any(String) as string })] }),
    );
  });
});

describe('parseStrictJson', () => {
  it('agrees with JSON.parse on what it takes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const json = JSON.stringify(value, null, 1);
        try {
          expect(parseStrictJson(json)).toEqual(JSON.parse(json));
        } catch (error) {
          // Keys that reach a prototype and numbers that other readers round are refused.
          expect((error as { code?: string }).code).toBe('EVIDENCE_JSON');
        }
      }),
      lawRuns(),
    );
  });

  it.each([
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    "{'a':1}",
    '{"a":1}{}',
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '01',
    '1.',
    '.5',
    '+1',
    'NaN',
    '9007199254740993',
    '1e400',
    '"\\ud800"',
    '"a\nb"',
    '"\\x41"',
    '{"__proto__":1}',
    '{"constructor":1}',
    '\ufeff{}',
    '/**/1',
    'nul',
    '['.repeat(200) + ']'.repeat(200),
  ])('refuses %j', (json) => {
    expect(() => parseStrictJson(json)).toThrow(expect.objectContaining({ code: 'EVIDENCE_JSON' }));
  });
});

describe('parseCanonical', () => {
  it('takes the RFC 8785 text of a value, and no other', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = canonical(value as Json);
        expect(canonical(parseCanonical(json))).toBe(json);
        expect(() => parseCanonical(`${json} `)).toThrow(expect.objectContaining({ code: 'EVIDENCE_NOT_CANONICAL' }));
      }),
      lawRuns(),
    );
    for (const json of ['{"b":1,"a":2}', '{"a":1,"a":1}', '1.0', '"\\u0061"']) {
      expect(() => parseCanonical(json)).toThrow(expect.objectContaining({ code: 'EVIDENCE_NOT_CANONICAL' }));
    }
  });
});

describe('base64', () => {
  it('goes to and fro, in both alphabets, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(toBase64(bytes)).toBe(text);
        for (const spelling of [text, text.replace(/=+$/, ''), Buffer.from(bytes).toString('base64url')])
          expect(fromBase64(spelling)).toEqual(Uint8Array.from(bytes));
      }),
      lawRuns(),
    );
  });

  it.each(['A', 'AB=', 'AAA==', 'AB', 'A A=', 'AA\n=', '====', '+-AA'])('refuses %j', (text) =>
    expect(fromBase64(text)).toBeNull(),
  );
});
