import { digestOf } from '../../canonical/digest';
import { PAYLOAD_TYPE, type ResolutionRecord } from '../../evidence/records/documents';
import type { RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { RunDriver } from './drive-run';

class Pay extends Executor {
  readonly uses = 'builtin:command';
  readonly calls: string[] = [];

  async execute({ step, execution, signal }: ExecutionRequest): Promise<Outcome> {
    this.calls.push(`${step}#${execution}`);
    // The first worker is lost and not heard of again during the test.
    if (step === 'pay' && execution === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { kind: 'succeeded', outputs: {} };
  }
}

/** A driver that lost its run waits for input that never comes. A hand-over ends it, and so does the process. */
const opened: RunDriver[] = [];
afterEach(() => opened.splice(0).forEach((driver) => driver.handOver()));

let world: MemoryWorld;
let run: RunId;
let pay: Pay;

beforeEach(async () => {
  world = new MemoryWorld();
  pay = new Pay();
  const step = (id: string, effects: 'once' | 'idempotent', needs: string[] = []) =>
    aRunNode(id, { uses: 'builtin:command', effects, needs });
  run = world.submit(aPlan(aBlock([step('pay', 'once'), step('tell', 'idempotent', ['pay'])])));
  const lost = await RunDriver.open(world.dependencies([pay]), world.claim(run));
  if (typeof lost === 'string') throw new Error('halted');
  opened.push(lost);
  void lost.drive();
  while (pay.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await drive();
  expect(world.rows.get(run)?.get('pay')).toMatchObject({
    status: 'needs_attention',
    error: { code: 'OUTCOME_UNKNOWN', execution: 1 },
  });
});

async function drive(): Promise<string> {
  const driver = await RunDriver.open(world.dependencies([pay]), world.claim(run));
  if (typeof driver === 'string') return driver;
  opened.push(driver);
  return driver.drive();
}

const ISS = 'https://issuer.test';
const OUTPUTS = { receipt: 'PAY-7' };

/** Posts a modified resolution as the webservice does. */
function resolve(
  change: Partial<ResolutionRecord> = {},
  by: { readonly usage?: 'ledger' | 'admission'; readonly outputs?: Json } = {},
): void {
  const { usage = 'ledger', outputs = OUTPUTS } = by;
  const record: ResolutionRecord = {
    schema: 'taskrunner.resolution.v1',
    runId: run,
    tenant: 'acme',
    step: 'pay',
    execution: 1,
    outcome: 'succeeded',
    outputsDigest: outputs === null ? null : digestOf(outputs),
    person: { iss: 'https://issuer.test', sub: 'grace' },
    reason: 'the bank shows it',
    authTime: '2026-01-01T00:00:00.000Z',
    decidedAt: '2026-01-01T00:00:01.000Z',
    proof: { kind: 'service' },
    ...change,
  };
  const { step, execution, outcome } = record;
  const supplied = {
    type: 'attention.resolved',
    step,
    execution,
    outcome,
    outputs: null,
    record: digestOf({}),
  } as never;
  world.post(run, supplied, world.seal(usage, PAYLOAD_TYPE.resolution, record as unknown as Json), outputs);
}

describe('a resolution', () => {
  it('gives the step the outputs that it names, and the run goes on', async () => {
    resolve();
    expect(await drive()).toBe('ended');
    expect(world.rows.get(run)?.get('pay')).toMatchObject({ status: 'succeeded', outputs: OUTPUTS, error: null });
    expect(pay.calls).toEqual(['pay#1', 'tell#1']);
    expect(world.run(run).status).toBe('succeeded');
  });

  it('fails the step, or lets another attempt begin', async () => {
    resolve({ outcome: 'retry' }, { outputs: null });
    expect(await drive()).toBe('ended');
    expect(pay.calls).toEqual(['pay#1', 'pay#2', 'tell#1']);
    expect(world.rows.get(run)?.get('pay')).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  it.each<[string, () => void]>([
    ['of another key', () => resolve({}, { usage: 'admission' })],
    ['of another run', () => resolve({ runId: 'run_00000000000000000000000000' })],
    ['of another tenant', () => resolve({ tenant: 'globex' })],
    ['with other outputs than it names', () => resolve({ outputsDigest: digestOf({ receipt: 'other' }) })],
    ['with outputs that it does not name', () => resolve({ outputsDigest: null })],
  ])('%s changes nothing, and is alarmed', async (_, post) => {
    post();
    expect(await drive()).toBe('parked');
    expect(world.rows.get(run)?.get('pay')?.status).toBe('needs_attention');
    expect(world.alarms.map(({ code }) => code)).toEqual(['RESOLUTION_UNSIGNED']);
  });

  it.each<[string, string, Partial<ResolutionRecord>]>([
    ['an initiator', 'GATE_SELF_APPROVAL', { person: { iss: ISS, sub: 'ada' } }],
    [
      'somebody for whom an initiator acts',
      'GATE_SELF_APPROVAL',
      { actors: [{ iss: ISS, sub: 'ada', kind: 'person' }] },
    ],
    ['somebody for whom a program acts', 'GATE_NOT_A_PERSON', { actors: [{ iss: ISS, sub: 'bot', kind: 'client' }] }],
  ])('of %s changes nothing, and is alarmed, whoever signed it', async (_, code, change) => {
    resolve(change);
    expect(await drive()).toBe('parked');
    expect(world.rows.get(run)?.get('pay')?.status).toBe('needs_attention');
    expect(world.alarms.map((alarm) => alarm.code)).toEqual([code]);
  });

  it('through a person who did not initiate the run counts', async () => {
    resolve({ actors: [{ iss: ISS, sub: 'linus', kind: 'person' }] });
    expect(await drive()).toBe('ended');
  });

  it('without an envelope changes nothing', async () => {
    const supplied = {
      type: 'attention.resolved',
      step: 'pay',
      execution: 1,
      outcome: 'succeeded',
      outputs: null,
    } as never;
    world.post(run, supplied);
    expect(await drive()).toBe('parked');
    expect(world.alarms.map(({ code }) => code)).toEqual(['RESOLUTION_UNSIGNED']);
  });

  it('of another execution is ignored, in the journal', async () => {
    resolve({ execution: 7 });
    expect(await drive()).toBe('parked');
    const events = (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event));
    expect(events).toContainEqual({
      type: 'given.ignored',
      what: 'attention.resolved',
      step: 'pay',
      code: 'ATTEMPT_OVER',
    });
  });
});
