import fc from 'fast-check';
import { isDigest, isRunId, isTenantId, runIdsWith, runUuid, runUuidEnd, toRunId } from './ids';
import { lawRuns } from '../../testing/runs-of-laws';

describe('run ids', () => {
  it('are the base32 of a UUID, there and back, in the order of the UUIDs', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (a, b) => {
        expect(isRunId(toRunId(a))).toBe(true);
        expect(runUuid(toRunId(a))).toBe(a);
        expect(toRunId(a) < toRunId(b)).toBe(a < b);
      }),
      lawRuns(),
    );
  });

  it.each([
    'run_',
    'run_8zzzzzzzzzzzzzzzzzzzzzzzzz',
    'run_0000000000000000000000000i',
    'RUN_00000000000000000000000000',
    '00000000000000000000000000',
  ])('are not %s', (text) => expect(isRunId(text)).toBe(false));

  it('with a beginning lie between the first and the last of them', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.integer({ min: 5, max: 30 }), (a, b, length) => {
        const beginning = toRunId(a).slice(0, length);
        const { first, last } = runIdsWith(beginning) ?? { first: '', last: '' };
        for (const id of [toRunId(a), toRunId(b)])
          expect([first <= id && id <= last, id]).toEqual([id.startsWith(beginning), id]);
      }),
      lawRuns(),
    );
    for (const none of [
      '',
      'run',
      'run_',
      'run_8',
      'run_0l',
      'RUN_0',
      `${toRunId('00000000-0000-7000-8000-000000000000')}0`,
    ])
      expect([none, runIdsWith(none)]).toEqual([none, null]);
  });

  it('with an end have UUIDs that end with its digits', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 8, max: 25 }), (uuid, length) => {
        const end = toRunId(uuid).slice(-length);
        for (const text of [end, end.toUpperCase()]) {
          const digits = runUuidEnd(text);
          expect(digits).toHaveLength(Math.floor((length * 5) / 4));
          expect(uuid.replaceAll('-', '').endsWith(digits ?? 'x')).toBe(true);
        }
      }),
      lawRuns(),
    );
    for (const none of ['', '0123456', 'abcdefgi', 'run_01234567', '%%%%%%%%', '0'.repeat(26)])
      expect([none, runUuidEnd(none)]).toEqual([none, null]);
  });

  it('are made of UUIDs only', () => expect(() => toRunId('nonsense')).toThrow(TypeError));
});

describe('names that decide authority', () => {
  it.each([
    ['acme', true],
    ['a.b-c_9', true],
    ['Acme', false],
    ['-acme', false],
    ['аcme', false],
    ['a'.repeat(64), false],
    ['', false],
  ])('tenant %s: %s', (text, valid) => expect(isTenantId(text)).toBe(valid));

  it('digests are sha256 in lower case', () => {
    expect(isDigest(`sha256:${'a'.repeat(64)}`)).toBe(true);
    for (const text of [`sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`, 'a'.repeat(64), null, 7])
      expect(isDigest(text)).toBe(false);
  });
});
