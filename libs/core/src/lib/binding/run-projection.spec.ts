import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import type { RunId, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { RunProjection, type StepResult } from './run-projection';
import { writtenResult } from './written-result';

const ref = (value: string) => ({ kind: 'value', digest: digestOf(value), size: value.length + 2 }) as const;
const step = 'deploy' as StepId;

/** A result with a value for every member. The compiler requires each member that is added to the type. */
const full: { [Name in keyof StepResult]-?: NonNullable<StepResult[Name]> } = {
  startedAt: 1,
  waitingSince: 2,
  endedAt: 3,
  attempts: 4,
  execution: 5,
  status: 'failed',
  code: 'STEP_EXIT',
  message: 'exit code 1',
  exitCode: 6,
  outputs: ref('outputs'),
  items: { ref: ref('items'), count: 7 },
  inputs: ref('inputs'),
  reusedFrom: { run: 'run-1' as RunId, digest: digestOf('record') },
  branch: 0,
  begun: 8,
  artifacts: [{ name: 'a', path: 'a.txt', execution: 5, digest: digestOf('a'), size: 1, mediaType: 'text/plain' }],
  gate: {
    request: ref('request'),
    gateDigest: digestOf('gate'),
    expiresAt: 9,
    openedAt: 10,
    outcome: 'approved',
    decisions: [
      {
        decisionId: 'd',
        decision: 'approved',
        person: { iss: 'https://issuer.example', sub: 'anna' },
        record: digestOf('record'),
        response: null,
        at: 11,
      },
    ],
  },
  judged: {
    allow: false,
    undecided: true,
    reasons: ['because'],
    engine: 'cel',
    digest: digestOf('policy'),
    input: ref('input'),
  },
};

const read = (written: ReturnType<typeof writtenResult>) => RunProjection.settled([[step, written]], []).get(step);

describe('a written result', () => {
  it.each(Object.keys(full).sort() as (keyof StepResult)[])('keeps `%s` alone, and nothing else', (name) => {
    const base = read({}) as StepResult;
    const written = writtenResult({ ...base, [name]: full[name] });
    expect(Object.keys(written)).toEqual([name]);
    expect(read(written)).toEqual({ ...base, [name]: full[name] });
  });

  it('is in the order of RFC 8785 with all its members', () => {
    const written = writtenResult(full);
    expect(Object.keys(written)).toEqual(Object.keys(full).sort());
    expect(JSON.parse(canonical(written as unknown as Json))).toEqual(written);
    expect(read(written)).toEqual(full);
  });

  it('is empty for a step of which nothing is said', () => {
    expect(writtenResult(read({}) as StepResult)).toEqual({});
  });
});
