import { canonical, sha256 } from '@taskrunner/core/canonical';
import type { Digest, Json, TenantId } from '@taskrunner/core/foundation';
import type { Environment } from '@taskrunner/core/plan';
import {
  RunEnvironments,
  type WorkerSession,
  type ParkedKind,
  type UnhonouredEnvironment,
  type UnhonouredRun,
  type WaitingEnvironment,
} from '@taskrunner/core/ports';
import type { WorkerMeans } from '@taskrunner/core/publisher';
import { HonourLoop } from './honour-loop';

const TENANT = 'acme' as TenantId;
const workerSession: WorkerSession = { id: 'w1', leaseMs: 1_000 };

const own: Environment = {
  schema: 'taskrunner.environment.v1',
  machine: 1,
  mode: 'open',
  isolation: 'bwrap-open/v2',
  limits: {},
  approvals: {
    floor: { minApprovals: 1, selfApproval: false, maxExpiresAfterMs: 1, maxAuthAgeMs: null, proof: 'service' },
  },
  packTrust: {},
  engines: { 'json-schema': 1 },
  executors: {},
  extensions: {},
};
const textOf = (environment: object): string => canonical(environment as Json);
const digestOf = (environment: object): Digest => sha256(textOf(environment));

class Waiting extends RunEnvironments {
  readonly marks: (readonly UnhonouredEnvironment[])[] = [];
  readonly asked: (readonly Digest[])[] = [];
  constructor(public found: readonly WaitingEnvironment[]) {
    super();
  }
  async waiting(known: readonly Digest[]): Promise<readonly WaitingEnvironment[]> {
    this.asked.push(known);
    return this.found.map((one) => (known.includes(one.digest) ? { ...one, text: null } : one));
  }
  async mark(_of: WorkerSession, unhonoured: readonly UnhonouredEnvironment[]): Promise<readonly UnhonouredRun[]> {
    this.marks.push(unhonoured);
    return [];
  }
  async unmark(): Promise<number> {
    return 0;
  }
  async unhonoured() {
    return [
      { parts: 'machine,engines', runs: 2, oldestMs: 3_000 },
      { parts: 'engines', runs: 1, oldestMs: 5_000 },
    ];
  }
  async parked(): Promise<readonly ParkedKind[]> {
    return [];
  }
  async wake(): Promise<number> {
    return 0;
  }
  async decline(): Promise<void> {
    return undefined;
  }
}

const environmentOf = (text: string, digest = sha256(text)): WaitingEnvironment => ({
  digest,
  tenants: [TENANT],
  text,
});

async function look(found: readonly WaitingEnvironment[], looks = 1, means: Partial<WorkerMeans> = {}) {
  const environments = new Waiting(found);
  const honoured: (readonly Digest[])[] = [];
  const of: WorkerMeans = {
    environments: [own],
    isolations: ['bwrap-open/v2'],
    egress: [],
    packTrust: { unsigned: 'run', keys: [], rules: [], deny: [], minimumVersions: [] },
    configuredAt: 0,
    ...means,
  };
  const loop = new HonourLoop(
    {
      environments,
      means: () => of,
      own: () => [digestOf(own)],
      openAdmission: () => null,
      onHonoured: async (digests) => void honoured.push(digests),
    },
    { say: () => undefined },
    1,
  );
  loop.start(workerSession);
  await loop.stop();
  loop.start(workerSession);
  for (let i = 0; i < looks; i++) await loop.look(workerSession);
  await loop.stop();
  return { environments, honoured: honoured.at(-1), marked: environments.marks.at(-1), loop };
}

describe('a worker that looks which environments there are', () => {
  const other = { ...own, limits: { memoryMiB: 1 } };

  it('claims runs of those that it can honour beside its own', async () => {
    const { honoured, marked } = await look([environmentOf(textOf(own)), environmentOf(textOf(other))]);
    expect(honoured).toEqual([digestOf(own), digestOf(other)]);
    expect(marked).toEqual([]);
  });

  it('says which parts it lacks for the others', async () => {
    const newer = { ...own, machine: 99, engines: { 'json-schema': 2 } };
    const { honoured, marked } = await look([environmentOf(textOf(newer))]);
    expect(honoured).toBeUndefined();
    expect(marked).toEqual([{ digest: digestOf(newer), tenants: [TENANT], parts: 'machine,engines' }]);
  });

  it('reads each document once, and decides by it as long as runs of it wait', async () => {
    const { environments, honoured } = await look([environmentOf(textOf(other))], 3);
    expect(environments.asked.at(-1)).toEqual([digestOf(other)]);
    expect(honoured).toEqual([digestOf(own), digestOf(other)]);
  });

  it('honours nothing that is not what its digest names, or no environment, and goes on', async () => {
    const forged = environmentOf(textOf(other), sha256('another'));
    const odd = environmentOf('{"mode":"open"}');
    const { honoured, marked } = await look([forged, odd, environmentOf(textOf(other))]);
    expect(honoured).toEqual([digestOf(own), digestOf(other)]);
    expect(marked?.map(({ parts }) => parts)).toEqual(['document', 'document']);
  });

  it('counts what waits by each part that is missing', async () => {
    const { loop } = await look([]);
    expect(loop.counts.filter(({ runs }) => runs > 0)).toEqual([
      { part: 'machine', runs: 2, oldestSeconds: 3 },
      { part: 'engines', runs: 3, oldestSeconds: 5 },
    ]);
    expect(loop.counts).toContainEqual({ part: 'egress', runs: 0, oldestSeconds: 0 });
  });
});
