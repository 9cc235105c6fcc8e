// Each check of the referee must detect a planted fault, and report nothing without one.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { CHECKS, judge } from './referee.mjs';

const { idempotencyKey } = createRequire(import.meta.url)('@taskrunner/core/step');
const RUN = 'run_00000000000000000000000001';
const OTHER = 'run_00000000000000000000000002';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const key = (step, attempt = 1, run = RUN) => idempotencyKey(run, step, attempt);
const line = (id, text) => ({ id, text, step: 'talk' });

/** A campaign without faults: one run with each kind of step, taken over once. */
function sound() {
  const entry = (seq, fence, event) => ({ seq, at: seq, page: fence === 1 ? 1 : 4, fence, event });
  return {
    accepted: [{ run: RUN, pack: 'http', cancelled: false, isLate: false }],
    runs: { [RUN]: { status: 'succeeded', code: null, lastLine: 2 } },
    statuses: [
      { run: RUN, from: 'queued', to: 'running' },
      { run: RUN, from: 'running', to: 'succeeded' },
    ],
    pages: [
      { run: RUN, firstSeq: 1, fence: 1, runFence: 1 },
      { run: RUN, firstSeq: 4, fence: 2, runFence: 2 },
    ],
    journal: {
      [RUN]: [
        entry(1, 1, { type: 'run.claimed', fence: 1 }),
        entry(2, 1, { type: 'step.started', step: 'idem-a', attempt: 1 }),
        entry(3, 1, { type: 'step.ended', step: 'idem-a', status: 'succeeded' }),
        entry(4, 2, { type: 'run.claimed', fence: 2 }),
        entry(5, 2, { type: 'step.started', step: 'once-b', attempt: 1 }),
        entry(6, 2, { type: 'step.ended', step: 'once-b', status: 'succeeded' }),
        entry(7, 2, { type: 'step.started', step: 'each[0]::gated-c', attempt: 1 }),
        entry(8, 2, { type: 'step.ended', step: 'each[0]::gated-c', status: 'succeeded' }),
        entry(9, 2, { type: 'run.ended', status: 'succeeded' }),
      ],
    },
    steps: {
      [RUN]: ['idem-a', 'once-b', 'each[0]::gated-c'].map((step) => ({ step, status: 'succeeded', attempts: 1 })),
    },
    decisions: [{ run: RUN, decision: 'approved', at: 100 }],
    artifacts: [{ run: RUN, name: 'report', digest: DIGEST, size: 3, stored: { digest: DIGEST, size: 3 } }],
    seals: [{ run: RUN }],
    bundles: { [RUN]: { ok: true, failed: [], artifacts: [DIGEST], lines: ['one', 'two'] } },
    archived: { [RUN]: [line(1, 'one'), line(2, 'two')] },
    live: { [RUN]: { lines: [line(1, 'one'), line(2, 'two')], isWhole: true } },
    effects: [
      { kind: 'idem', run: RUN, step: 'idem-a', key: key('idem-a'), at: 50 },
      // Repeated by the next worker, which `idempotent` permits.
      { kind: 'idem', run: RUN, step: 'idem-a', key: key('idem-a'), at: 60 },
      { kind: 'once', run: RUN, step: 'once-b', key: key('once-b'), at: 90 },
      { kind: 'gated', run: RUN, step: 'gated-c', key: key('each[0]::gated-c'), at: 120 },
    ],
    leftovers: [],
    measures: [{ name: 'memory', value: 300, most: 512, unit: 'MiB' }],
    objects: {
      outages: [{ trouble: 'full', from: 10_000, until: 20_000 }],
      readiness: [{ trouble: 'full', status: 503, reason: 'the folder of objects is full (ENOSPC)' }],
      refusals: { '503 OBJECT_STORE_UNAVAILABLE': 3 },
    },
    storage: {
      ends: [{ trouble: 'full', code: 'STORAGE_FULL', isRefusal: true, said: [] }],
      readiness: [
        { trouble: 'full', status: 503, reason: 'objects: full', accepted: 0 },
        { trouble: 'full', status: null, reason: null, accepted: 0 },
      ],
      seconds: [{ code: 'STORAGE_HELD', holder: 7, isThere: true, said: ['STORAGE_HELD in use: process 7 (serve)'] }],
      tails: [
        { distance: 0, damage: 'cut', code: null, message: null, lost: [] },
        { distance: 9, damage: 'zeroed', code: 'DATABASE_START_FAILED', message: 'no', lost: [] },
        { distance: -1, damage: 'zeroed', code: null, message: null, lost: [RUN] },
      ],
      refusals: { '503 DATABASE_UNAVAILABLE': 3 },
    },
    exits: [{ worker: 'chaos-1', code: null, signal: 'SIGKILL', asked: 'SIGKILL', said: [] }],
  };
}

/** By check: modifications of the evidence that it must find. */
const PLANTED = {
  'accepted.ended': [
    (e) => e.accepted.push({ run: OTHER, pack: 'http', cancelled: false }),
    (e) => (e.runs[RUN].status = 'waiting'),
    (e) => (e.accepted[0].isLate = true),
    (e) => (e.runs[RUN].status = 'halted'),
  ],
  'ended.once': [
    (e) => e.statuses.push({ run: RUN, from: 'succeeded', to: 'failed' }),
    (e) => e.statuses.push({ run: RUN, from: 'running', to: 'succeeded' }),
    (e) => e.statuses.pop(),
    (e) => e.journal[RUN].push(e.journal[RUN].at(-1)),
    (e) => e.journal[RUN].pop(),
    (e) => (e.journal[RUN].at(-1).event.status = 'failed'),
  ],
  'result.once': [(e) => e.journal[RUN].splice(3, 0, e.journal[RUN][2]), (e) => (e.steps[RUN][0].status = 'failed')],
  'claim.held': [
    (e) => (e.pages[0].runFence = 2),
    (e) => e.journal[RUN].filter(({ page }) => page === 4).forEach((entry) => (entry.fence = 1)),
    (e) => (e.journal[RUN][3].event.fence = 1),
    (e) => e.journal[RUN].push({ ...e.journal[RUN][0], page: 10 }),
  ],
  'effects.started': [
    (e) => e.effects.push({ ...e.effects[0], key: key('idem-a', 2) }),
    (e) => (e.effects[0].key = null),
    (e) => (e.effects[0].run = OTHER),
    (e) => (e.effects[2].step = 'once-other'),
  ],
  'effects.idempotent': [(e) => e.effects.splice(0, 2), (e) => (e.steps[RUN][0].attempts = 2), (e) => e.effects.pop()],
  'effects.once': [(e) => e.effects.push(e.effects[2]), (e) => e.effects.splice(2, 1)],
  'effects.gated': [
    (e) => (e.decisions[0].at = 121),
    (e) => (e.decisions[0].decision = 'rejected'),
    (e) => (e.decisions[0].run = OTHER),
  ],
  'cancel.counts': [(e) => (e.accepted[0].cancelled = true)],
  'logs.gapless': [
    (e) => e.archived[RUN].shift(),
    (e) => e.archived[RUN].pop(),
    (e) => (e.archived[RUN][1].id = 1),
    (e) => e.live[RUN].lines.splice(1, 0, line(1, 'one')),
    (e) => (e.live[RUN].lines[0].text = 'other'),
    (e) => e.live[RUN].lines.pop(),
  ],
  'logs.attested': [
    (e) => (e.bundles[RUN].lines[0] = 'other'),
    (e) => e.bundles[RUN].lines.push('more'),
    (e) => e.bundles[RUN].lines.reverse(),
  ],
  'artifacts.agree': [
    (e) => (e.artifacts[0].stored = null),
    (e) => (e.artifacts[0].stored.digest = `sha256:${'b'.repeat(64)}`),
    (e) => (e.artifacts[0].stored.size = 4),
    (e) => e.bundles[RUN].artifacts.pop(),
  ],
  'evidence.verifies': [
    (e) => e.seals.pop(),
    (e) => e.seals.push(e.seals[0]),
    (e) => Object.assign(e.bundles[RUN], { ok: false, failed: ['journal.chain'] }),
    (e) => delete e.bundles[RUN],
  ],
  'processes.gone': [(e) => e.leftovers.push({ pid: 1, what: 'of chaos-1, killed', command: 'sh' })],
  'workers.stay': [
    (e) => e.exits.push({ worker: 'chaos-2', code: 1, signal: null, asked: null, said: ['why'] }),
    (e) => e.exits.push({ worker: 'chaos-2', code: 1, signal: null, asked: 'SIGTERM', said: ['why'] }),
  ],
  'objects.wait': [
    (e) => e.journal[RUN].push({ ...e.journal[RUN][4], event: { type: 'step.attention', step: 'once-b' } }),
    (e) =>
      e.journal[RUN].push({
        ...e.journal[RUN][4],
        event: { type: 'attempt.failed', step: 'idem-a', code: 'OBJECT_STORE_UNAVAILABLE' },
      }),
  ],
  'objects.unstored': [(e) => (e.effects[2].at = 19_000)],
  'objects.said': [
    (e) => (e.objects.refusals['503 DATABASE_UNAVAILABLE'] = 1),
    (e) => (e.objects.refusals['500 INTERNAL'] = 1),
    (e) => (e.objects.readiness[0].status = 200),
    (e) => (e.objects.readiness[0].reason = null),
  ],
  'storage.said': [
    (e) => (e.storage.ends[0].code = null),
    (e) => (e.storage.ends[0].isRefusal = false),
    (e) => (e.storage.refusals['500 INTERNAL'] = 1),
    (e) => (e.storage.refusals['503 none'] = 1),
  ],
  'storage.ready': [
    (e) => (e.storage.readiness[0].reason = null),
    (e) => (e.storage.readiness[0].status = 200),
    (e) => (e.storage.readiness[0].status = 500),
  ],
  'storage.held': [
    (e) => (e.storage.seconds[0].code = null),
    (e) => (e.storage.seconds[0].isThere = false),
    (e) => (e.storage.seconds[0].holder = 8),
  ],
  'storage.tails': [(e) => (e.storage.tails[0].lost = [RUN]), (e) => (e.storage.tails[1].code = null)],
  'limits.kept': [(e) => (e.measures[0].value = 513)],
  'poison.just': [
    (e) => Object.assign(e.runs[RUN], { status: 'failed', code: 'POISON' }),
    (e) => (e.accepted[0].pack = 'poison'),
  ],
};

test('finds nothing where all is well', () => assert.deepEqual(judge(sound()), []));

test('has a planted fault for each check', () => assert.deepEqual(Object.keys(PLANTED), Object.keys(CHECKS)));

for (const [check, plants] of Object.entries(PLANTED))
  for (const [i, plant] of plants.entries())
    test(`${check} finds what is planted, ${i + 1}`, () => {
      const evidence = structuredClone(sound());
      plant(evidence);
      assert.ok(CHECKS[check](evidence).length > 0);
    });

test('a poison pack that ends POISON, and a step that people resolved, are no findings', () => {
  const evidence = sound();
  evidence.accepted[0].pack = 'poison';
  evidence.runs[RUN].code = 'POISON';
  evidence.effects.splice(2, 1);
  const event = { type: 'attention.resolved', step: 'once-b' };
  evidence.journal[RUN].splice(5, 0, { seq: 0, at: 0, fence: 2, event });
  assert.deepEqual([...CHECKS['poison.just'](evidence), ...CHECKS['effects.once'](evidence)], []);
});
