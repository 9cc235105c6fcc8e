import fc from 'fast-check';
import type { RunId, StepId } from '../foundation/ids';
import { idempotencyKey } from './idempotency-key';
import { backoffMs, mayRetry } from './retry';
import { lawRuns } from '../../testing/runs-of-laws';

const retries = {
  maxAttempts: 5,
  backoffMs: 1_000,
  factor: 2,
  maxBackoffMs: 6_000,
  jitter: false,
  on: null,
  attemptTimeoutMs: null,
};

describe('retries', () => {
  it('grow by the factor up to the cap', () => {
    expect([1, 2, 3, 4].map((attempt) => backoffMs(retries, attempt, 'seed'))).toEqual([1_000, 2_000, 4_000, 6_000]);
  });

  it('jitter between half and whole, the same for the same seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 30 }), (seed, attempt) => {
        const whole = backoffMs(retries, attempt, seed);
        const jittered = backoffMs({ ...retries, jitter: true }, attempt, seed);
        expect(jittered).toBeGreaterThanOrEqual(Math.floor(whole / 2));
        expect(jittered).toBeLessThanOrEqual(whole);
        expect(backoffMs({ ...retries, jitter: true }, attempt, seed)).toBe(jittered);
      }),
      lawRuns(),
    );
  });

  it.each([
    [1, 'EXIT_1', true, null, true],
    [5, 'EXIT_1', true, null, false],
    [1, 'EXIT_78', false, null, false],
    [1, 'EXIT_1', true, ['EXIT_75'], false],
    [1, 'EXIT_75', true, ['EXIT_75'], true],
  ] as const)('attempt %i, %s, retryable %s, on %j → %s', (attempt, code, retryable, on, expected) => {
    expect(mayRetry({ ...retries, on }, attempt, code, retryable)).toBe(expected);
  });
});

describe('the idempotency key', () => {
  const run = `run_${'0'.repeat(26)}` as RunId;

  it('is 52 characters of base32, and differs by run, step and attempt', () => {
    const keys = [
      idempotencyKey(run, 'a' as StepId, 1),
      idempotencyKey(run, 'a' as StepId, 2),
      idempotencyKey(run, 'b' as StepId, 1),
      idempotencyKey(`run_${'0'.repeat(25)}1` as RunId, 'a' as StepId, 1),
    ];
    for (const key of keys) expect(key).toMatch(/^[a-z2-7]{52}$/);
    expect(new Set(keys).size).toBe(4);
    expect(idempotencyKey(run, 'a' as StepId, 1)).toBe(keys[0]);
  });
});
