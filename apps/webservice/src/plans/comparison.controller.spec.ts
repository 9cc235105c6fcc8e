import 'reflect-metadata';
import { canonical, sha256 } from '@taskrunner/core/canonical';
import { toRunId, type JsonObject, type TenantId } from '@taskrunner/core/foundation';
import { planningContextOf, PackPlanner, PlannerHere, planPack } from '@taskrunner/core/operations';
import { RunDocuments } from '@taskrunner/core/stored';
import type { Request, Response } from 'express';
import { ComparisonController } from './comparison.controller';
import { PackIntake } from '../packs/pack-intake';
import type { BodyName } from '../requests/bodies';
import { readBody } from '../requests/read-body';
import { PacksToPlan } from './packs-to-plan';

// The routes without HTTP. The guard, the body reader and the OpenAPI document are tested with the whole webservice.

const manifest = (steps: string) =>
  `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: demo, version: 1.0.0 }\nspec:\n  approvals: [ { id: owners } ]\n  steps:\n    - { id: agree, gate: { approval: owners, message: go } }\n${steps}`;
const ONE = manifest('    - { id: a, run: { uses: "builtin:noop" } }\n');
const TWO = manifest('    - { id: b, run: { uses: "builtin:noop" } }\n');
const milliseconds = {
  expiresAfterMs: 1_000,
  executeWithinMs: 1_000,
  runTimeoutMs: 1_000,
  cleanupTimeoutMs: 1_000,
  attemptTimeoutMs: 1_000,
  stopGraceMs: 1_000,
};
const setting = {
  environment: {
    schema: 'taskrunner.environment.v1' as const,
    machine: 1,
    mode: 'open' as const,
    isolation: 'none/v1',
    limits: {},
    approvals: {
      floor: {
        minApprovals: 1,
        selfApproval: false,
        maxExpiresAfterMs: 10_000,
        maxAuthAgeMs: null,
        proof: 'service' as const,
      },
    },
    packTrust: {},
    engines: {},
    executors: {},
    extensions: {},
  },
  configuration: {
    defaults: { maxParallel: 16, ...milliseconds, workspaceMiB: 64, memoryMiB: 64, maxProcesses: 8 },
    grants: [],
    secrets: {},
    interpreters: [],
    egress: [],
    sensitiveInputs: false,
  },
};
const RUNS: Readonly<Record<string, string>> = {
  run_01kb3v2m5t8wq4yhn6z0c7d9ef: ONE,
  run_01kb3v2m5t8wq4yhn6z0c7d9eg: TWO,
};
const [FIRST = '', SECOND = ''] = Object.keys(RUNS);

const RUN = toRunId('01900000-0000-7000-8000-000000000001');

function stored(text: string) {
  const planning = planPack({ manifest: text, hasLines: true, files: [] }, {}, setting);
  if (planning.kind === 'refused') throw new Error(JSON.stringify(planning.faults));
  const { plan, planHash } = planning.planned;
  const environment = canonical(setting.environment);
  const profile = canonical({ environment: sha256(environment) });
  return RunDocuments.compare({
    ...{ tenant: 'acme' as TenantId, runId: RUN, planHash, profileDigest: sha256(profile) },
    ...{ plan: canonical(plan as unknown as JsonObject), profile, environment },
  });
}

const caller = { principal: { tenant: 'acme' } } as never;
const reader = {
  documents: async (tenant: string, run: string) => (tenant === 'acme' && RUNS[run] ? stored(RUNS[run]) : null),
};
const intake = new PackIntake({} as never, {} as never);
const planner = new PackPlanner(setting, new PlannerHere(planningContextOf(setting)));
const packs = new PacksToPlan(
  intake,
  { policy: { keys: [] } } as never,
  {} as never,
  { find: async () => new Set() } as never,
  planner,
);
const controller = new ComparisonController(reader as never, packs, planner);

/** The response of a route, as JSON. */
async function sent(route: (response: Response) => Promise<void>, headers = new Map<string, string>()) {
  let text = '';
  const response = {
    setHeader: (name: string, value: string) => (headers.set(name, value), response),
    type: () => response,
    send: (body: string) => {
      text = body;
    },
  };
  await route(response as unknown as Response);
  return JSON.parse(text) as unknown;
}
/** A body in the form that the reader passes to a route. */
const body = (name: BodyName, value: object) =>
  readBody(name, new TextEncoder().encode(JSON.stringify(value)), 50_000) as never;
const query = (overrides: object) => ({ query: overrides }) as Request;

describe('plans that are looked at', () => {
  it('compares two packs', async () => {
    const pair = body('diffPlans', { before: { manifest: ONE }, after: { manifest: TWO } });
    const diff = await sent((response) => controller.diff(caller, pair, response));
    expect(diff).toMatchObject({
      same: false,
      steps: [
        { id: 'b', change: 'added' },
        { id: 'a', change: 'removed' },
      ],
    });
  });

  it('says in which of the two a fault is', async () => {
    const wrong = { before: { manifest: ONE }, after: { manifest: ONE.replace('kind: TaskPack', 'kind: Task') } };
    await expect(sent((response) => controller.diff(caller, body('diffPlans', wrong), response))).rejects.toMatchObject(
      {
        code: 'PACK_INVALID',
        faults: [{ code: 'PACK_KIND', path: '/after/kind', line: 2 }],
      },
    );
    expect(() => body('diffPlans', { before: { manifest: ONE, colour: 1 }, after: {} })).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        faults: ['/before/colour', '/after/manifest'].map((path) => expect.objectContaining({ path }) as unknown),
      }),
    );
  });

  it('compares two runs of a tenant, and knows no others', async () => {
    const headers = new Map<string, string>();
    const ask = (against: object) =>
      sent((response) => controller.diffRuns(caller, SECOND as never, query(against), response), headers);
    expect(await ask({ against: FIRST })).toMatchObject({
      same: false,
      steps: [
        { id: 'b', change: 'added' },
        { id: 'a', change: 'removed' },
      ],
    });
    expect(headers.get('ETag')).toBe(`"${stored(ONE).planHash}.${stored(TWO).planHash}"`);
    await expect(ask({})).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(ask({ against: 'run_1' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(ask({ against: 'run_01kb3v2m5t8wq4yhn6z0c7d9eh' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('draws a pack', async () => {
    const draw = (format: object) =>
      sent((response) => controller.graph(caller, body('drawPlan', { manifest: ONE }), query(format), response));
    expect(await draw({})).toMatchObject({
      nodes: [{ id: 'agree' }, { id: 'a' }],
      edges: [{ from: 'agree', to: 'a' }],
    });
    expect(await draw({ format: 'mermaid' })).toMatchObject({ text: expect.stringMatching(/^flowchart TD\n/) });
    expect(await draw({ format: 'svg' })).toMatchObject({ text: expect.stringMatching(/^<svg /) });
    await expect(draw({ format: 'png' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('runs scenarios that come along, or those of the pack', async () => {
    const scenarios = 'name: x\nexpect: { status: succeeded }\n---\nname: y\nexpect: { status: failed }\n';
    const run = (pack: object) => sent((response) => controller.scenarios(caller, body('testPack', pack), response));
    expect(await run({ manifest: ONE, scenarios })).toMatchObject({
      passed: 1,
      failed: 1,
      results: [
        { name: 'x', status: 'passed' },
        { name: 'y', differences: [{ path: '/expect/status', line: 5 }] },
      ],
    });
    const file = {
      path: 'tests/a.yaml',
      contentBase64: Buffer.from('name: z\nexpect: { code: X }\n').toString('base64'),
    };
    expect(await run({ manifest: ONE, files: [file] })).toMatchObject({ failed: 1 });
    await expect(run({ manifest: ONE })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });
});
