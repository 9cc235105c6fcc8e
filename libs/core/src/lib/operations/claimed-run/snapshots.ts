import { sha256 } from '../../canonical/digest';
import { isCodedError } from '../../foundation/coded-error';
import type { Digest } from '../../foundation/ids';
import type { Unnumbered } from '../../journal/page';
import { ReplayState } from '../../journal/replay-state';
import {
  SNAPSHOT_BYTES,
  SNAPSHOT_ENTRIES,
  SnapshotReader,
  takeSnapshot,
  type LastSnapshot,
  type Snapshot,
  type RestorePoint,
} from '../../journal/snapshot';
import type { ClaimedRun, StoredPage } from '../../ports/runs/claims';
import type { RunState } from '../../run/run-state';
import type { DriverDependencies } from './driver-dependencies';
import { JournalValues } from './journal-values';
import { readObject } from '../objects/read-object';

/** A snapshot that will be the first entry of the next page. */
export interface DueSnapshot {
  readonly entry: Unnumbered;
  readonly digest: Digest;
  readonly index: Digest | null;
  readonly steps: RunState['steps'];
}

/** Writes the snapshots of one run for its driver. */
export class Snapshots {
  /** No snapshot is written before this entry, because storing one failed. */
  private notBefore = 0;

  constructor(
    private readonly dependencies: Pick<
      DriverDependencies,
      'objects' | 'references' | 'storeHealth' | 'snapshotEntries' | 'alarm'
    >,
    private readonly run: ClaimedRun,
    private last: LastSnapshot,
    private readonly values: JournalValues,
    private readonly machine: number,
  ) {}

  /**
   * Stores the snapshot that is due before the page after entry `seq`; null if none is due. Without a snapshot a replay takes longer, so a
   * failure to store it stops no run.
   */
  async due(seq: number, at: number, restorePoint: RestorePoint): Promise<DueSnapshot | null> {
    const { snapshotEntries = SNAPSHOT_ENTRIES, references } = this.dependencies;
    if (seq - this.last.seq < snapshotEntries || seq < this.notBefore) return null;
    // A store that does not answer would hold up the turn.
    const { outage } = this.dependencies.storeHealth;
    if (outage !== null) return this.later(seq + snapshotEntries, outage.reason);
    const { text, digest } = takeSnapshot(this.last, restorePoint);
    const index = this.values.index();
    const values = index === null ? this.values.before : sha256(index);
    const { tenant, runId } = this.run;
    const texts = new Map([[digest, text], ...(index === null ? [] : [[sha256(index), index] as const])]);
    try {
      await references.need(tenant, runId, [...texts.keys()]);
      for (const [expected, one] of texts)
        await this.dependencies.objects.put(tenant, bytesOf(one), { maxBytes: SNAPSHOT_BYTES, expected });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      this.dependencies.storeHealth.note(error);
      return this.later(seq + snapshotEntries, error.message);
    }
    const { machine } = this;
    const entry: Unnumbered = { at, kind: 'fact', event: { type: 'state', machine, digest, values } };
    return { entry, digest, index: values, steps: restorePoint.state.steps };
  }

  /** Records that the journal contains the snapshot. The owner of the results settles them. */
  written(seq: number, { digest, index, steps }: DueSnapshot): void {
    this.last = { seq, digest, steps };
    this.values.settle(index);
  }

  private later(seq: number, reason: string): null {
    this.notBefore = seq;
    this.dependencies.alarm(this.run, 'SNAPSHOT_NOT_STORED', { reason });
    return null;
  }
}

async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** Where a claim goes on from. */
interface GoingOn {
  readonly state: RunState;
  readonly replayState: ReplayState;
  readonly values: JournalValues;
  /** Position of the page that begins with the snapshot. */
  readonly page: StoredPage;
}

/**
 * The last snapshot of a claimed run; null if none can be read, and the whole journal is replayed. Its page proves that it belongs to this
 * run and position: the caller verifies the page's hash and MAC, and the chain from there to the head.
 */
export async function lastSnapshot(
  dependencies: Pick<DriverDependencies, 'claims' | 'objects'>,
  run: ClaimedRun,
  begun: RunState,
  machine: number,
): Promise<GoingOn | null> {
  const { tenant, runId, snapshotSeq = null } = run;
  if (snapshotSeq === null) return null;
  const [page] = await dependencies.claims.pages(tenant, runId, snapshotSeq - 1, 1);
  const event = page?.entries[0]?.event;
  if (page?.first !== snapshotSeq || event?.type !== 'state' || event.machine !== machine) return null;
  try {
    const read = async (digest: Digest): Promise<Snapshot> =>
      JSON.parse(await readObject(dependencies.objects, tenant, digest)) as Snapshot;
    const last = await read(event.digest);
    const reader = new SnapshotReader(begun, last);
    for (let { before } = last; before !== null;) {
      const older = await read(before);
      reader.add(older);
      ({ before } = older);
    }
    const restorePoint = reader.restorePoint();
    if (restorePoint === null) return null;
    const { state } = restorePoint;
    const replayState = new ReplayState(restorePoint, { seq: snapshotSeq, digest: event.digest, steps: state.steps });
    return {
      state,
      replayState,
      page,
      values: new JournalValues(dependencies.claims, dependencies.objects, run, event.values),
    };
  } catch (error) {
    // Not needed: the journal contains everything.
    if (isCodedError(error) && error.code !== 'OBJECT_DIGEST_MISMATCH') return null;
    throw error;
  }
}
