import { MemoryWorld } from '../../../testing/memory/memory-world';
import { packText, planned } from '../../../testing/planning';
import type { RunId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { GateRequest } from '../../gate/gate-request';
import { RunDriver } from './drive-run';

// The reasons of a policy are wherever its gate is reported: in the rows of run and step, in the gate request, and in the log.

const HOSTILE = 'no\nE policy late (advisory) allowed it';

/** A CEL policy that denies with these reasons. */
const denies = (...reasons: readonly string[]): string =>
  JSON.stringify(`{"allow": false, "reasons": ${JSON.stringify(reasons)}}`);

async function driven(
  steps: string,
  level: string,
  source: string,
  prepare: (world: MemoryWorld) => void = () => undefined,
) {
  const world = new MemoryWorld();
  prepare(world);
  const policies = `policies: [ { id: late, engine: cel, level: ${level}, source: ${source} } ]`;
  const run = world.submit(planned(packText(steps, `approvals: [ { id: go } ]\n${policies}`)).plan);
  const drive = async (): Promise<string> => {
    const driver = await RunDriver.open(world.dependencies([]), world.claim(run));
    return typeof driver === 'string' ? driver : driver.drive();
  };
  return { world, run, drive, ended: await drive() };
}

async function logOf(world: MemoryWorld, run: RunId): Promise<readonly string[]> {
  const chunks = await world.dependencies([]).logs.read(world.run(run).claimed.tenant, run, 0, 100);
  return chunks.flatMap(({ step, data }) =>
    new TextDecoder()
      .decode(data)
      .split('\n')
      .slice(0, -1)
      .map((line) => `${step}|${line}`),
  );
}

const POLICY = { id: 'late', level: 'hard-mandatory', engine: 'cel', result: 'deny', omittedReasons: 0 };

describe('the reasons of a policy', () => {
  it('end a run with it: in its error, in that of its step, and in its log', async () => {
    const { world, run, ended } = await driven(
      '- { id: check, gate: { policy: late } }',
      'hard-mandatory',
      denies('it is late', HOSTILE),
    );
    expect(ended).toBe('ended');
    const policy = { ...POLICY, reasons: ['it is late', HOSTILE] };
    const message = 'policy late (hard-mandatory) denied it: it is late; no\\u{a}E policy late (advisory) allowed it';
    const error = { code: 'POLICY_DENIED', message, policy };
    expect(world.run(run).run?.error).toMatchObject({ ...error, stepId: 'check' });
    expect(world.rows.get(run)?.get('check')?.error).toMatchObject(error);
    expect(await logOf(world, run)).toEqual([
      'check|epolicy late (hard-mandatory) denied it: the run fails',
      'check|ereason: it is late',
      'check|ereason: no\\u{a}E policy late (advisory) allowed it',
    ]);
    const types = (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event.type));
    expect(types.at(-1)).toBe('run.ended');
  });

  it('are why a policy gave no decision', async () => {
    const { world, run } = await driven(
      '- { id: check, gate: { policy: late } }',
      'hard-mandatory',
      '"[1, 2][size(now)] == 1"',
    );
    expect(world.run(run).run?.error).toMatchObject({
      code: 'POLICY_UNDECIDED',
      message: expect.stringMatching(/^policy late \(hard-mandatory\) did not decide, which denies it: .*it failed: /),
      policy: { result: 'undecided' },
    });
  });

  it('are shown to who may override it: in the request, in the wait, and in the log', async () => {
    const { world, run, drive, ended } = await driven(
      '- { id: check, gate: { policy: late, overrideApproval: go } }',
      'soft-mandatory',
      denies('it is late'),
    );
    expect(ended).toBe('parked');
    const row = world.gates.get(run)?.get('check');
    const request = row?.request as unknown as GateRequest;
    const { id, engine, result } = POLICY;
    expect(request.policy).toMatchObject({
      id,
      level: 'soft-mandatory',
      engine,
      allow: false,
      reasons: ['it is late'],
    });
    expect(request.message).toBe('policy late (soft-mandatory) denied it. Approving overrides the denial.');
    const [wait] = world.run(run).run?.waits as JsonObject[];
    expect(wait).toMatchObject({ kind: 'policy', id: 'check', policy: { id, result, reasons: ['it is late'] } });
    expect(await logOf(world, run)).toEqual([
      'check|wpolicy late (soft-mandatory) denied it: waiting for people to override the denial (go)',
      'check|wreason: it is late',
    ]);
    world.decide(run, 'check', 'grace');
    expect(await drive()).toBe('ended');
    expect(world.run(run).status).toBe('succeeded');
  });

  it('stand in the log where the policy only advises, and nothing does where it allows', async () => {
    const steps = '- { id: check, gate: { policy: late } }';
    const advised = await driven(steps, 'advisory', denies('it is late'));
    expect(advised.world.run(advised.run).status).toBe('succeeded');
    expect(await logOf(advised.world, advised.run)).toEqual([
      'check|wpolicy late (advisory) denied it: the run continues',
      'check|wreason: it is late',
    ]);
    const allowed = await driven(steps, 'hard-mandatory', '"true"');
    expect(await logOf(allowed.world, allowed.run)).toEqual([]);
  });

  it('stand in the log once, as streams that are whole, where a turn is thrown away and the policy is asked again', async () => {
    let thrown = 0;
    const { world, run, ended } = await driven(
      '- { id: check, gate: { policy: late } }',
      'hard-mandatory',
      JSON.stringify('{"allow": false, "reasons": ["at " + string(now)]}'),
      (made) => {
        made.beforeCommit = ({ runId, chunks }) => {
          if (chunks.length === 0 || thrown === 2) return;
          thrown += 1;
          made.at += 1_000;
          // An inbox message came first, so nothing of the turn counts.
          made.post(runId, { type: 'time.reached' });
        };
      },
    );
    expect([ended, thrown]).toEqual(['ended', 2]);
    const lines = await logOf(world, run);
    expect(lines).toHaveLength(2);
    const numbered = (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event));
    const logs = numbered.filter((event) => event.type === 'log');
    expect(logs.map(({ chunk }) => chunk)).toEqual([0]);
    const stored = world.chunks.get(run) ?? [];
    expect(stored).toHaveLength(3);
    expect(new Set(stored.map(({ execution }) => execution)).size).toBe(3);
    const said = numbered.find((event) => event.type === 'policy.judged');
    expect(lines[1]).toBe(`check|ereason: ${said?.reasons[0] ?? ''}`);
  });

  it('say who rejected an override, and that a gate expired', async () => {
    const steps = '- { id: check, gate: { policy: late, overrideApproval: go } }';
    const { world, run, drive } = await driven(steps, 'soft-mandatory', denies('it is late'));
    world.decide(run, 'check', 'grace', 'rejected');
    expect(await drive()).toBe('ended');
    expect(world.run(run).run?.error).toMatchObject({
      code: 'GATE_REJECTED',
      message: expect.stringMatching(/^the gate was rejected by grace of /),
      policy: { id: 'late', result: 'deny', reasons: ['it is late'] },
    });
    const late = await driven(steps, 'soft-mandatory', denies('it is late'));
    late.world.at += 400 * 86_400_000;
    expect(await late.drive()).toBe('ended');
    expect(late.world.run(late.run).run?.error).toMatchObject({
      code: 'GATE_EXPIRED',
      message: expect.stringMatching(/^the gate was not approved in time by \d{4}-/),
    });
  });
});
