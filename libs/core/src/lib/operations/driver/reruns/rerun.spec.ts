import { MemoryWorld } from '../../../../testing/memory/memory-world';
import { packText, planned } from '../../../../testing/planning';
import { sha256 } from '../../../canonical/digest';
import { journalNdjson } from '../../../evidence/bundle/bundle-files';
import type { RunId, TenantId } from '../../../foundation/ids';
import type { Json, JsonObject } from '../../../foundation/json';
import type { Plan } from '../../../plan/plan';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../../ports/step/executor';
import { RunDriver, type Driven } from '../drive-run';

/** Returns the parameters of every step; `broken` ones fail. */
class Noting extends Executor {
  readonly started: string[] = [];
  readonly supplied = new Map<string, JsonObject>();
  broken: readonly string[] = [];
  /** Its artifact contains a secret. */
  withholds = false;
  yields: (step: string) => Json = (step) => ({ from: step });

  constructor(readonly uses: string) {
    super();
  }

  async execute({ step, execution, with: supplied }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    this.started.push(step);
    this.supplied.set(step, supplied);
    if (this.broken.includes(step))
      return { kind: 'failed', code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
    if (step === 'build' && this.withholds) {
      const detail = { step, execution, name: 'app', path: 'out/app' };
      report.fact({ type: 'note', code: 'ARTIFACT_WITHHELD', detail });
    } else if (step === 'build') {
      const file = { name: 'app', path: 'out/app', digest: sha256('app'), size: 3, mediaType: 'text/plain' };
      report.fact({ type: 'artifact.captured', step, execution, ...file });
    }
    return { kind: 'succeeded', outputs: this.yields(step) };
  }
}

const run = (id: string, more = ''): string =>
  `- { id: ${id}, effects: once, ${more} run: { uses: "builtin:command", with: { command: [x] } } }`;

interface Stage {
  readonly world: MemoryWorld;
  readonly plan: Plan;
  readonly noting: Noting;
  readonly drive: (runId: RunId, crashed?: boolean) => Promise<Driven>;
  readonly rerun: (of: RunId, from: string) => RunId;
}

function stage(steps: string, more = ''): Stage {
  const { plan } = planned(packText(steps, more));
  const world = new MemoryWorld();
  const noting = new Noting('builtin:command');
  return {
    world,
    plan,
    noting,
    drive: async (runId, crashed = false) => {
      noting.started.length = 0;
      const driver = await RunDriver.open(world.dependencies([noting]), world.claim(runId, crashed));
      return typeof driver === 'string' ? driver : driver.drive();
    },
    rerun: (of, from) => world.submit(plan, {}, [], [], [], { of, from }),
  };
}

const read = (step: string): string =>
  `- { id: tell, effects: once, run: { uses: "builtin:command", with: { command: ["{{ ${step} }}"] } } }`;

describe('a rerun from where it failed', () => {
  const STEPS = [
    '- { id: build, effects: once, run: { uses: "builtin:command", with: { command: [b] }, outputs: { from: {} }, artifacts: [ { name: app, path: out/app } ] } }',
    '- { id: apply, effects: once, run: { uses: "builtin:command", with: { command: ["{{ steps.build.outputs.from }}", "{{ steps.build.artifacts.app.digest }}"] } } }',
    '- { id: tidy, effects: once, runOn: always, run: { uses: "builtin:command", with: { command: [t] } } }',
  ].join('\n');

  async function failedRun(): Promise<Stage & { readonly first: RunId }> {
    const on = stage(STEPS);
    on.noting.broken = ['apply'];
    const first = on.world.submit(on.plan);
    expect(await on.drive(first)).toBe('ended');
    expect(on.world.run(first).status).toBe('failed');
    expect(on.noting.started).toEqual(['build', 'apply', 'tidy']);
    on.noting.broken = [];
    return { ...on, first };
  }

  it('starts nothing again that succeeded, but cleanup; what follows reads what was taken over', async () => {
    const { world, noting, drive, rerun, first } = await failedRun();
    const again = rerun(first, 'failed');
    expect(await drive(again)).toBe('ended');
    expect(world.run(again).status).toBe('succeeded');
    expect(noting.started).toEqual(['apply', 'tidy']);
    expect(noting.supplied.get('apply')).toMatchObject({ command: ['build', sha256('app')] });
    const row = world.rows.get(again)?.get('build');
    expect(row).toMatchObject({ status: 'succeeded', attempts: 0, outputs: { from: 'build' } });
    expect(row?.reusedFrom).toEqual({ run: first, step: 'build', digest: expect.stringMatching(/^sha256:/) as string });
    expect(world.rows.get(again)?.get('apply')?.reusedFrom).toBeNull();
    const events = (world.pages.get(again) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event));
    expect(events.filter((event) => event.type === 'step.started').map((event) => event.step)).toEqual([
      'apply',
      'tidy',
    ]);
    expect(events.filter((event) => event.type === 'artifact.captured')).toMatchObject([{ digest: sha256('app') }]);
  });

  it('says again of a step that it took over that its artifact was not stored; who reads it reads null', async () => {
    const on = stage(STEPS.replace('artifacts.app.digest', "artifacts.app.digest || 'none'"));
    on.noting.broken = ['apply'];
    on.noting.withholds = true;
    const first = on.world.submit(on.plan);
    await on.drive(first);
    expect(on.noting.supplied.get('apply')).toMatchObject({ command: ['build', 'none'] });
    on.noting.broken = [];
    const again = on.rerun(first, 'failed');
    expect(await on.drive(again)).toBe('ended');
    expect(on.noting.started).toEqual(['apply', 'tidy']);
    expect(on.noting.supplied.get('apply')).toMatchObject({ command: ['build', 'none'] });
    const notes = (run: RunId): Json =>
      (on.world.pages.get(run) ?? []).flatMap(({ entries }) =>
        entries.flatMap(({ event }) =>
          event.type === 'note' && event.code === 'ARTIFACT_WITHHELD' ? [event.detail] : [],
        ),
      );
    expect(notes(again)).toEqual([{ step: 'build', execution: 1, name: 'app', path: 'out/app' }]);
    expect(notes(again)).toEqual(notes(first));
  });

  it('keeps what it took over when its worker is lost, and asks the original no second time for it', async () => {
    const { world, noting, drive, rerun, first } = await failedRun();
    noting.broken = ['apply'];
    const again = rerun(first, 'failed');
    let commits = 0;
    world.beforeCommit = ({ runId }) => {
      // The worker is lost after its first page.
      if (++commits === 2) world.run(runId).owner = null;
    };
    expect(await drive(again)).toBe('claim-lost');
    world.beforeCommit = () => undefined;
    expect(await drive(again, true)).toBe('parked');
    expect(world.rows.get(again)?.get('build')?.reusedFrom).toMatchObject({ run: first });
    expect(world.rows.get(again)?.get('apply')?.status).toBe('needs_attention');
    expect(noting.started).not.toContain('build');
  });

  it('can itself be done again', async () => {
    const { world, noting, drive, rerun, first } = await failedRun();
    noting.broken = ['apply'];
    const second = rerun(first, 'failed');
    await drive(second);
    noting.broken = [];
    const third = rerun(second, 'failed');
    await drive(third);
    expect(noting.started).toEqual(['apply', 'tidy']);
    expect(world.rows.get(third)?.get('build')?.reusedFrom).toMatchObject({ run: second });
  });

  it('keeps a value that is too large for a page where it is, also for itself', async () => {
    const on = stage(STEPS);
    const large = 'x'.repeat(70_000);
    on.noting.yields = () => ({ from: large });
    on.noting.broken = ['apply'];
    const first = on.world.submit(on.plan);
    await on.drive(first);
    on.noting.broken = [];
    const needed: unknown[] = [];
    const again = on.rerun(first, 'failed');
    const dependencies = on.world.dependencies([on.noting], {
      references: { need: async (_tenant, of, digests) => void needed.push([of, digests.length]) },
    });
    const driver = await RunDriver.open(dependencies, on.world.claim(again));
    if (typeof driver === 'string') throw new Error('halted');
    expect(await driver.drive()).toBe('ended');
    expect(on.noting.supplied.get('apply')?.['command']).toEqual([large, sha256('app')]);
    expect(needed).toContainEqual([again, 1]);
  });

  it.each<[string, (on: Awaited<ReturnType<typeof failedRun>>) => void, string]>([
    [
      'another result in its journal',
      ({ world, first }) => {
        const page = world.pages.get(first)?.[1];
        if (page)
          world.pages
            .get(first)
            ?.splice(1, 1, { ...page, mac: page.mac.replace(/^./, (c) => (c === '0' ? '1' : '0')) });
      },
      'JOURNAL_TAMPERED',
    ],
    [
      'a journal that goes on after it was admitted',
      ({ world, first }) => void world.pages.get(first)?.pop(),
      'JOURNAL_TAMPERED',
    ],
    [
      'another plan',
      ({ world, first }) => {
        const run = world.run(first);
        const { claimed } = run;
        const admission = world.seal('admission', claimed.admission.payloadType, {
          ...(JSON.parse(Buffer.from(claimed.admission.payload, 'base64').toString()) as JsonObject),
          planHash: sha256('another'),
        });
        run.claimed = { ...claimed, admission };
      },
      'JOURNAL_TAMPERED',
    ],
  ])('is halted where the original has %s', async (_, change, code) => {
    const on = await failedRun();
    const again = on.rerun(on.first, 'failed');
    change(on);
    expect(await on.drive(again)).toBe('halted');
    expect(on.world.run(again).halted).toBe(code);
    expect(on.noting.started).toEqual([]);
  });

  it.each([
    ['takes over as much', (text: string) => text, 'ended', ['apply', 'tidy']],
    [
      'is halted if it is not the one that was admitted',
      (text: string) => text.replace('"at":', '"at":1'),
      'halted',
      [],
    ],
  ] as const)('of which the journal stands in its archive only %s', async (_, change, driven, started) => {
    const { world, noting, rerun, first } = await failedRun();
    const again = rerun(first, 'failed');
    const bytes = new TextEncoder().encode(change(journalNdjson(world.pages.get(first) ?? [])));
    const { tenant } = world.run(first).claimed;
    const bundle = sha256(bytes);
    world.objectBytes.set(`${tenant}/${bundle}`, bytes);
    world.pages.set(first, []);
    const part = { offset: 0, size: bytes.length, sha256: bundle };
    const archives = {
      chunks: async () => null,
      journal: async (_tenant: TenantId, run: RunId) => (run === first ? { bundle, part } : null),
    };
    noting.started.length = 0;
    const driver = await RunDriver.open(world.dependencies([noting], { archives }), world.claim(again));
    expect(typeof driver === 'string' ? driver : await driver.drive()).toBe(driven);
    expect(noting.started).toEqual(started);
  });

  it('fails where the original is not kept any more', async () => {
    const { world, noting, drive, rerun, first } = await failedRun();
    const again = rerun(first, 'failed');
    world.pages.set(first, []);
    expect(await drive(again)).toBe('ended');
    expect(world.run(again).run).toMatchObject({ status: 'failed', error: { code: 'ORIGINAL_GONE' } });
    expect(noting.started).toEqual(['tidy']);
  });
});

describe('a rerun from the start', () => {
  it('takes nothing over and says the same as a fresh run', async () => {
    const on = stage([run('a'), run('b')].join('\n'));
    const [first, fresh] = [on.world.submit(on.plan), on.world.submit(on.plan)];
    await on.drive(first);
    const again = on.rerun(first, 'start');
    const reported = (of: RunId): unknown[] =>
      (on.world.pages.get(of) ?? []).flatMap(({ entries }) =>
        entries.flatMap(({ kind, event }) => (kind === 'derived' ? [event] : [])),
      );
    await on.drive(fresh);
    await on.drive(again);
    expect(on.noting.started).toEqual(['a', 'b']);
    expect(reported(again)).toEqual(reported(fresh));
  });

  type On = ReturnType<typeof stage>;
  const admittedAs = ({ world }: On, first: RunId, change: JsonObject, isSigned = true): void => {
    const run = world.run(first);
    const { admission: before } = run.claimed;
    const record = JSON.parse(Buffer.from(before.payload, 'base64').toString()) as JsonObject;
    const sealed = world.seal('admission', before.payloadType, { ...record, ...change });
    const admission = isSigned ? sealed : { ...sealed, signatures: before.signatures };
    run.claimed = { ...run.claimed, admission };
  };

  it.each<[string, (on: On, first: RunId) => void]>([
    ['an admission that nobody signed', (on, first) => admittedAs(on, first, { nonce: '0'.repeat(32) }, false)],
    ['another plan', (on, first) => admittedAs(on, first, { planHash: sha256('another') })],
    [
      'an initiator who could decide at the gates of the rerun',
      (on, first) =>
        admittedAs(on, first, { initiators: [{ iss: 'https://issuer.test', sub: 'linus', kind: 'person' }] }),
    ],
  ])('is halted where the original has %s', async (_, change) => {
    const on = stage(run('a'));
    const first = on.world.submit(on.plan);
    await on.drive(first);
    on.noting.started.length = 0;
    const again = on.rerun(first, 'start');
    change(on, first);
    expect(await on.drive(again)).toBe('halted');
    expect(on.world.run(again).halted).toBe('JOURNAL_TAMPERED');
    expect(on.noting.started).toEqual([]);
  });
});

describe('a rerun from a step', () => {
  it('does that step and what comes after it again', async () => {
    const on = stage([run('a'), run('b'), run('c', 'needs: [a],'), run('d', 'needs: [b],')].join('\n'));
    const first = on.world.submit(on.plan);
    await on.drive(first);
    await on.drive(on.rerun(first, 'b'));
    expect(on.noting.started).toEqual(['b', 'd']);
  });

  it('in a map: of each item, and what comes after the map', async () => {
    const on = stage(
      `- { id: before, effects: once, run: { uses: "builtin:command", with: { command: [x] } } }
- id: each
  map:
    items: [p, q]
    maxParallel: 1
    steps:
      - { id: s, effects: once, run: { uses: "builtin:command", with: { command: [x] } } }
      - { id: t, effects: once, run: { uses: "builtin:command", with: { command: [x] } } }
- { id: after, effects: once, run: { uses: "builtin:command", with: { command: [x] } } }`,
    );
    const first = on.world.submit(on.plan);
    await on.drive(first);
    await on.drive(on.rerun(first, 'each::t'));
    expect(on.noting.started).toEqual(['each[0]::t', 'each[1]::t', 'after']);
  });
});

describe('a rerun behind a gate', () => {
  const STEPS = (what: string): string => `- { id: go, gate: { approval: owners } }
${read(what)}
${run('last')}`;
  const OWNERS = 'approvals: [ { id: owners } ]';

  async function approvedThenFailed(what: string): Promise<Stage & { readonly first: RunId }> {
    const on = stage(STEPS(what), OWNERS);
    const first = on.world.submit(on.plan);
    await on.drive(first);
    on.world.decide(first, 'go', 'grace');
    on.noting.broken = ['last'];
    await on.drive(first);
    expect(on.noting.started).toEqual(['tell', 'last']);
    on.noting.broken = [];
    return { ...on, first };
  }

  it('asks again, and takes over what does not depend on who decided', async () => {
    const { world, noting, drive, rerun, first } = await approvedThenFailed('run.planHash');
    const again = rerun(first, 'failed');
    expect(await drive(again)).toBe('parked');
    expect(noting.started).toEqual([]);
    expect(world.rows.get(again)?.get('tell')).toBeUndefined();
    world.decide(again, 'go', 'linus');
    expect(await drive(again)).toBe('ended');
    expect(noting.started).toEqual(['last']);
    expect(world.rows.get(again)?.get('tell')?.reusedFrom).toMatchObject({ run: first });
  });

  it('does again what read the decision, where it is another one', async () => {
    const { world, noting, drive, rerun, first } = await approvedThenFailed('steps.go.outputs.decisions[0].person.sub');
    const again = rerun(first, 'failed');
    await drive(again);
    world.decide(again, 'go', 'linus');
    await drive(again);
    expect(noting.started).toEqual(['tell', 'last']);
    expect(noting.supplied.get('tell')).toMatchObject({ command: ['linus'] });
  });

  it('takes over what read that it was approved', async () => {
    const { world, noting, drive, rerun, first } = await approvedThenFailed('steps.go.outputs.decision');
    const again = rerun(first, 'failed');
    await drive(again);
    world.decide(again, 'go', 'linus');
    await drive(again);
    expect(noting.started).toEqual(['last']);
  });
});
