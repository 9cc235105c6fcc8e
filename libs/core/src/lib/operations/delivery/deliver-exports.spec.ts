import type { StatementParts } from '../../evidence/bundle/archive';
import { sealEnvelope } from '../../evidence/encoding/envelope';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import { ExportDestination } from '../../ports/evidence/export-destination';
import { Exports, type DueExport, type Settled } from '../../ports/evidence/exports';
import type { ObjectStore } from '../../ports/objects/object-store';
import { deliverDue, type DeliverDependencies } from './deliver-exports';
import { exportRefusal } from './export-evidence';

const tenant = 'acme' as TenantId;
const runId = 'run_01jd0000000000000000000000' as RunId;
const digest = `sha256:${'0'.repeat(64)}` as Digest;

const secret = `sha256:${'5'.repeat(64)}` as Digest;

/** A statement that withholds one of the artifacts. */
const statement = { predicate: { exceptions: [{ kind: 'withheld', detail: `artifacts/${'5'.repeat(64)}` }] } };
const envelope = sealEnvelope('a/b', new TextEncoder().encode(JSON.stringify(statement)), new Uint8Array(64));
const statements = { 'pack-run': { dsseEnvelope: envelope } } as unknown as StatementParts;

class Deliveries extends Exports {
  readonly settled: Settled[] = [];

  constructor(private readonly due: Partial<DueExport> = {}) {
    super();
  }

  take = (destination: string) =>
    Promise.resolve({ tenant, runId, destination, artifacts: false, tries: 1, ageMs: 0, ...this.due });
  takeOther = () => this.take('gone');
  settle = (_due: DueExport, settled: Settled) => Promise.resolve(void this.settled.push(settled));
}

class Place extends ExportDestination {
  readonly names: string[] = [];

  constructor(private readonly answer: () => Promise<boolean>) {
    super();
  }

  deliver(file: { readonly name: string }): Promise<boolean> {
    this.names.push(file.name);
    return this.answer();
  }
}

const away = () => Promise.reject(exportRefusal('EXPORT_UNAVAILABLE', 'the destination does not respond'));

function dependencies(
  exports: Exports,
  destination: ExportDestination,
  change: Partial<DeliverDependencies> = {},
): DeliverDependencies {
  return {
    exports,
    destinations: new Map([['audit', { destination, tenants: ['acme'] }]]),
    objects: { stat: () => Promise.resolve({ size: 3 }) } as unknown as ObjectStore,
    runReader: {
      evidence: () => Promise.resolve({ bundle: digest, size: 3, statements }),
      summary: () => Promise.resolve(null),
      artifacts: () => Promise.resolve([digest, digest, secret].map((one) => ({ digest: one, size: 1 })) as never),
    },
    retryMs: 100,
    longestRetryMs: 1_000,
    giveUpAfterMs: 60_000,
    timeoutMs: 60_000,
    ...change,
  };
}

const never = new AbortController().signal;

describe('a delivery', () => {
  it('puts the bundle there, after its artifacts, each once, and none that is withheld', async () => {
    const [deliveries, place] = [new Deliveries({ artifacts: true }), new Place(() => Promise.resolve(true))];
    await deliverDue(dependencies(deliveries, place), 'audit', never);
    expect(deliveries.settled).toEqual([{ status: 'delivered' }]);
    expect(place.names).toEqual([`${runId}.artifacts/${'0'.repeat(64)}`, `${runId}.evidence.tar`]);
  });

  it('pauses twice as long each time, up to the longest pause', async () => {
    const pauses: unknown[] = [];
    for (const tries of [1, 2, 3, 4, 5, 60]) {
      const deliveries = new Deliveries({ tries });
      await deliverDue(dependencies(deliveries, new Place(away)), 'audit', never);
      pauses.push(deliveries.settled.map((one) => one.status === 'pending' && one.afterMs));
    }
    expect(pauses).toEqual([[100], [200], [400], [800], [1_000], [1_000]]);
  });

  it('is given up when it has failed for as long as configured', async () => {
    const reason = 'EXPORT_UNAVAILABLE: the destination does not respond';
    for (const [ageMs, status] of [
      [59_999, 'pending'],
      [60_000, 'failed'],
    ] as const) {
      const deliveries = new Deliveries({ ageMs });
      await deliverDue(dependencies(deliveries, new Place(away)), 'audit', never);
      expect(deliveries.settled).toMatchObject([{ status, reason }]);
    }
  });

  it('that hangs ends at its time limit', async () => {
    const deliveries = new Deliveries();
    await deliverDue(
      dependencies(deliveries, new Place(() => new Promise(() => undefined)), { timeoutMs: 20 }),
      'audit',
      never,
    );
    expect(deliveries.settled).toEqual([
      { status: 'pending', reason: 'EXPORT_UNAVAILABLE: it took too long', afterMs: 100 },
    ]);
  });

  it('that hangs is given back when the worker stops', async () => {
    const [deliveries, stopping] = [new Deliveries(), new AbortController()];
    const place = new Place(() => {
      stopping.abort();
      return new Promise(() => undefined);
    });
    await deliverDue(dependencies(deliveries, place), 'audit', stopping.signal);
    expect(deliveries.settled).toMatchObject([{ status: 'pending', afterMs: 0 }]);
  });

  it.each([
    ['to a destination that is not configured any more', null, 'EXPORT_DESTINATION_UNKNOWN: no destination "gone"'],
    ['of an uncoded failure, without its words', 'audit', 'EXPORT_FAILED: the delivery failed; see the log'],
  ])('%s says why', async (_what, destination, reason) => {
    const deliveries = new Deliveries();
    const place = new Place(() => Promise.reject(new Error('/srv/other-tenant')));
    const delivery = await deliverDue(dependencies(deliveries, place), destination, never);
    expect(deliveries.settled).toMatchObject([
      { status: 'pending', reason: expect.stringContaining(reason) as string },
    ]);
    expect(JSON.stringify(deliveries.settled)).not.toContain('/srv');
    expect(delivery?.error).toBeInstanceOf(destination === null ? CodedError : Error);
  });

  it('of a bundle that is not as large as its row says is not made', async () => {
    const [deliveries, place] = [new Deliveries(), new Place(() => Promise.resolve(true))];
    const objects = { stat: () => Promise.resolve({ size: 4 }) } as unknown as ObjectStore;
    await deliverDue(dependencies(deliveries, place, { objects }), 'audit', never);
    expect(deliveries.settled).toMatchObject([{ reason: expect.stringContaining('DOCUMENT_ALTERED') as string }]);
    expect(place.names).toEqual([]);
  });

  it('of another tenant than those that the destination is for is refused as if there were none', async () => {
    const deliveries = new Deliveries({ tenant: 'globex' as TenantId });
    const place = new Place(() => Promise.resolve(true));
    await deliverDue(dependencies(deliveries, place), 'audit', never);
    expect(deliveries.settled).toMatchObject([
      { reason: expect.stringContaining('EXPORT_DESTINATION_UNKNOWN') as string },
    ]);
    expect(place.names).toEqual([]);
  });
});
