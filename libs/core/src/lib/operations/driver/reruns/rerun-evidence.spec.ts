import { MemoryWorld } from '../../../../testing/memory/memory-world';
import { packText, planned } from '../../../../testing/planning';
import { testDefaults, testRules } from '../../../../testing/random/random-plan';
import { sha256 } from '../../../canonical/digest';
import type { RunId } from '../../../foundation/ids';
import type { JsonObject } from '../../../foundation/json';
import type { Entry, Page } from '../../../journal/page';
import { RunDriver } from '../drive-run';
import { indexPlan } from '../../../plan/plan-index';
import { Executor, type ExecutionRequest, type Outcome } from '../../../ports/step/executor';
import type { AdmissionRecord } from '../../../evidence/records/documents';
import { factsOf } from '../../../evidence/records/run-facts';
import type { VerificationSession } from '../../../evidence/verify/check/verification-session';
import { comparedWithOriginal, stepsReused } from '../../../evidence/verify/check/check-reused';

class Once extends Executor {
  readonly uses = 'builtin:command';
  failing = true;
  async execute({ step }: ExecutionRequest): Promise<Outcome> {
    if (step !== 'apply' || !this.failing) return { kind: 'succeeded', outputs: { from: step } };
    return { kind: 'failed', code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
  }
}

const step = (id: string): string =>
  `- { id: ${id}, effects: once, run: { uses: "builtin:command", with: { command: [x] } } }`;
const { plan } = planned(packText([step('build'), step('apply')].join('\n')));

interface Parts {
  readonly record: AdmissionRecord;
  readonly pages: readonly Page[];
}

let original: Parts;
let rerun: Parts;

beforeAll(async () => {
  const world = new MemoryWorld();
  const executor = new Once();
  const drive = async (run: RunId): Promise<Parts> => {
    const driver = await RunDriver.open(world.dependencies([executor]), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    await driver.drive();
    const { payload } = world.run(run).claimed.admission;
    const record = JSON.parse(Buffer.from(payload, 'base64').toString()) as AdmissionRecord;
    return { record, pages: world.pages.get(run) ?? [] };
  };
  const first = world.submit(plan);
  original = await drive(first);
  executor.failing = false;
  rerun = await drive(world.submit(plan, {}, [], [], [], { of: first, from: 'failed' }));
});

/** A bundle, as far as these checks look at it. */
function bundleOf({ record, pages }: Parts): VerificationSession {
  const index = indexPlan(plan, record.planHash, testDefaults, testRules);
  const documents = { index, facts: factsOf(pages), evidence: { pages } };
  return { request: {}, documents: () => documents, admission: () => ({ record }) } as unknown as VerificationSession;
}

function admittedAs(change: object, of = rerun): Parts {
  return { ...of, record: { ...of.record, ...change } };
}

/** The events of a journal, some changed: what whoever holds the run's key could write. */
function journaled(change: (event: JsonObject) => JsonObject | readonly JsonObject[], of = rerun): Parts {
  const entries = of.pages.flatMap((page) =>
    page.entries.flatMap((entry) =>
      [change(entry.event as unknown as JsonObject)].flat().map((event) => ({ ...entry, event }) as unknown as Entry),
    ),
  );
  const [page] = of.pages;
  return { ...of, pages: page ? [{ ...page, entries, hash: of.pages.at(-1)?.hash ?? page.hash }] : [] };
}

const taken = (event: JsonObject): boolean => event['type'] === 'question.answered' && event['step'] === 'build';

it('a rerun takes over on its signer’s word, and says how to have it compared', () => {
  expect(stepsReused(bundleOf(rerun))).toMatchObject({ basis: 'asserted' });
  expect(stepsReused(bundleOf(original))).toEqual({ basis: 'absent', detail: 'not a rerun' });
  expect(() => comparedWithOriginal(bundleOf(rerun), bundleOf(original))).not.toThrow();
});

it.each<[string, () => Parts, string]>([
  [
    'by a run that is no rerun',
    () => admittedAs({ rerunOf: null, rerun: undefined }),
    'not a rerun that may reuse results',
  ],
  [
    'by a rerun from the start',
    () => admittedAs({ rerun: { ...rerun.record.rerun, from: 'start' } }),
    'not a rerun that may reuse results',
  ],
  ['of another run than was admitted', () => admittedAs({ rerunOf: 'run_other' }), 'from another run'],
  [
    'that was to be done again',
    () => admittedAs({ rerun: { ...rerun.record.rerun, from: 'build' } }),
    'should have been executed again',
  ],
  [
    'that was started too',
    () =>
      journaled((event) =>
        taken(event) ? [event, { type: 'step.started', step: 'build', attempt: 1, execution: 1 }] : event,
      ),
    'reused, but it started',
  ],
  [
    'as the answer to another question',
    () => journaled((event) => (taken(event) ? { ...event, question: 'when' } : event)),
    'another question',
  ],
])('nothing is taken over %s', (_, parts, why) => {
  expect(() => stepsReused(bundleOf(parts()))).toThrow(why);
});

it.each<[string, () => Parts, () => Parts, string]>([
  ['of another run', () => rerun, () => admittedAs({ runId: 'run_other' }, original), 'of another run'],
  ['of another plan', () => rerun, () => admittedAs({ planHash: sha256('other') }, original), 'another plan'],
  [
    'with another journal',
    () => admittedAs({ rerun: { from: 'failed', head: sha256('other') } }),
    () => original,
    'not the one that was admitted',
  ],
  [
    'whose initiator could decide the gates of the rerun',
    () => admittedAs({ initiators: [{ iss: 'https://issuer.test', sub: 'linus', kind: 'person' }] }),
    () => original,
    'initiated the original',
  ],
  [
    'that tells the step otherwise',
    () => rerun,
    () =>
      journaled(
        (event) => (event['type'] === 'step.ended' && event['step'] === 'build' ? { ...event, attempts: 3 } : event),
        original,
      ),
    'contradicts',
  ],
  [
    'in which the step failed',
    () => rerun,
    () =>
      journaled(
        (event) =>
          event['type'] === 'step.ended' && event['step'] === 'build' ? { ...event, status: 'failed' } : event,
        original,
      ),
    'did not succeed',
  ],
  [
    'with another result',
    () =>
      journaled((event) =>
        event['type'] === 'step.ended' && event['step'] === 'build' ? { ...event, outputs: null } : event,
      ),
    () => original,
    'another result',
  ],
  [
    'with other artifacts',
    () => {
      const file = { execution: 1, name: 'x', path: 'x', digest: sha256('x'), size: 1, mediaType: 'text/plain' };
      return journaled((event) =>
        taken(event) ? [{ type: 'artifact.captured', step: 'build', ...file }, event] : event,
      );
    },
    () => original,
    'other artifacts',
  ],
])('an original %s is not the one that was done again', (_, again, before, why) => {
  expect(() => comparedWithOriginal(bundleOf(again()), bundleOf(before()))).toThrow(why);
});
