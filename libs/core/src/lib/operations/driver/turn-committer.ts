import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import { chain } from '../../journal/chain';
import type { PlanIndex } from '../../plan/plan-index';
import type { Commit, OutboxEntry, RunChange } from '../../ports/runs/committer';
import { isParked, nextWakeAt, waitsOf } from '../../run/advance';
import type { RunMessage } from '../../run/run-end';
import type { StepRowsKept } from '../claimed-run/restore-run';
import { macText } from '../claimed-run/driver-dependencies';
import type { JournalValues } from '../claimed-run/journal-values';
import type { DueSnapshot, Snapshots } from '../claimed-run/snapshots';
import { announcementsOf } from '../delivery/announce';
import { runChange } from '../turn/run-change';
import type { TurnBuilder } from '../turn/turn-builder';
import { WrittenSteps } from '../turn/written-steps';
import type { RunMeans } from './post-commit-dispatcher';
import type { Position } from './position';
import { TopSteps } from './top-steps';

/** A run that would wait for less than this keeps its driver, milliseconds. */
const PARK_AFTER_MS = 1_000;

/** Result of committing a turn. `letters`: new messages must be taken first. `refused`: the database refuses the turn's data. */
type TurnOutcome =
  | { readonly kind: 'ended' | 'parked' | 'goes-on' | 'claim-lost' | 'letters' }
  | { readonly kind: 'refused'; readonly message: string };

/** The history that a committer reads and writes. */
export interface RunRecords {
  readonly index: PlanIndex;
  readonly results: RunProjection;
  readonly journal: JournalValues;
  readonly snapshots: Snapshots;
  readonly stepRows: StepRowsKept;
}

/** Commits turns of one run: journal page, rows, announcements, and the claim's new state, all in one transaction. */
export class TurnCommitter {
  private readonly topSteps: TopSteps;
  private readonly steps: WrittenSteps;

  constructor(
    private readonly means: RunMeans,
    private readonly records: RunRecords,
    private readonly position: Position,
    private readonly contextOf: (results: RunProjection) => BindingContext,
  ) {
    const { index, results, stepRows } = records;
    this.topSteps = new TopSteps(index, results);
    const entries = means.dependencies.stepRowsAfter ?? 0;
    this.steps = new WrittenSteps(results, means.values, entries, stepRows);
  }

  /** @param isIdle no input waits for a turn */
  async commit(turn: TurnBuilder, isIdle: boolean): Promise<TurnOutcome> {
    const { dependencies, run, values, executions, dispatcher } = this.means;
    const { position } = this;
    const { ended } = turn;
    const wake = nextWakeAt(turn.state);
    const parked = !ended && isIdle && turn.ahead.length === 0 && isParked(turn.state) && executions.count === 0;
    const parks = parked && (wake === null || wake - turn.at > PARK_AFTER_MS);
    await this.noteStored(turn);
    const snapshot = ended ? null : await this.snapshotDue(turn.at);
    const entries = snapshot ? [snapshot.entry, ...turn.entries] : turn.entries;
    const { page, head, text } = chain(position.head, entries, await values.pageValues(turn.values));
    this.topSteps.noteChanged(turn);
    const steps = await this.steps.of(turn, this.contextOf(turn.results), head.seq);
    const assignments = dispatcher.changes(turn);
    const commit: Commit = {
      tenant: run.tenant,
      runId: run.runId,
      fence: run.fence,
      prevSeq: position.head.seq,
      page,
      isSnapshot: snapshot !== null,
      entriesText: text,
      mac: dependencies.mac(macText(run.runId, head.seq, head.hash, run.fence)),
      changes: steps.changes,
      steps: steps.rows,
      areStepsJournaled: steps.areJournaled,
      gates: turn.gates,
      artifacts: turn.artifacts,
      chunks: turn.chunks,
      seen: turn.seen,
      closes: ended || parks || turn.closes,
      releases: ended || parks,
      dueAt: ended || !parks || wake === null ? null : dependencies.clock.inDatabase(wake),
      outbox: [
        ...(ended ? [attesting(run)] : []),
        ...announcementsOf({
          announcing: dependencies.announcing,
          index: this.records.index,
          results: turn.results,
          tenant: run.tenant,
          entries,
          first: page.first,
        }).map((entry) => this.dueInDatabase(entry)),
      ],
      run: this.change(turn, parked),
      ...(assignments ? { assignments } : {}),
    };
    const committed = await dependencies.committer.commit(commit);
    if (committed.kind !== 'committed') return committed;
    this.steps.committed(steps);
    const { journal, results, snapshots } = this.records;
    if (snapshot) {
      snapshots.written(page.first, snapshot);
      results.settle();
    }
    journal.note(page);
    this.accept(turn);
    position.accept(turn, head);
    return { kind: ended ? 'ended' : parks ? 'parked' : 'goes-on' };
  }

  private accept(turn: TurnBuilder): void {
    const { dispatcher, values, executions } = this.means;
    dispatcher.committed(turn);
    this.records.results.absorb(turn.results);
    values.committed(turn.values);
    for (const { event } of turn.entries)
      if (event.type === 'log') executions.numbered(event.step, event.execution, event.bytes);
  }

  /** Only the journal names the digests of socket logs in the object store. A reference keeps them from being collected before the seal. */
  private async noteStored({ entries }: TurnBuilder): Promise<void> {
    const { dependencies, run } = this.means;
    const logs = entries.flatMap(({ event }) => (event.type === 'egress.closed' ? [event.log] : []));
    if (logs.length > 0) await dependencies.references.need(run.tenant, run.runId, logs);
  }

  /** A snapshot contains the fence, which must be journaled before. None is due before the journal has taken this claim. */
  private async snapshotDue(at: number): Promise<DueSnapshot | null> {
    const { begun, head, state, lastLine } = this.position;
    if (!begun) return null;
    const { results, snapshots } = this.records;
    return snapshots.due(head.seq, at, { state, results, lastLine, fence: this.means.run.fence });
  }

  private dueInDatabase(entry: OutboxEntry): OutboxEntry {
    if (entry.kind === 'attest' || entry.dueAt === null) return entry;
    return { ...entry, dueAt: this.means.dependencies.clock.inDatabase(entry.dueAt) };
  }

  private change(turn: TurnBuilder, parked: boolean): RunChange {
    const { index } = this.records;
    const waits = turn.ended ? [] : waitsOf(index, turn.state);
    const result = turn.state.result;
    const outputs =
      result?.outputs?.kind === 'value' ? (this.means.values.known.get(result.outputs.digest) ?? null) : null;
    return runChange({
      index,
      turn,
      parked,
      waits,
      outputs,
      message: this.message(turn),
      topSteps: this.topSteps,
    });
  }

  private message({ state: { result } }: TurnBuilder): RunMessage | null {
    const { message, messageError } = result ?? {};
    if (messageError !== undefined) return { error: messageError };
    const text = message === undefined ? null : (this.means.values.known.get(message.digest) ?? null);
    return typeof text === 'string' ? { text } : null;
  }
}

/** The item that asks for the evidence of an ended run. */
function attesting({ traceContext }: Pick<RunMeans['run'], 'traceContext'>): OutboxEntry {
  return { kind: 'attest', ...(traceContext === undefined ? {} : { traceContext }) };
}
