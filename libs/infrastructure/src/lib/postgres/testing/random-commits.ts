import { randomUUID } from 'node:crypto';
import type { Random } from '@taskrunner/core/testing';
import { sha256 } from '@taskrunner/core/canonical';
import { toRunId } from '@taskrunner/core/foundation';
import type { StepId } from '@taskrunner/core/foundation';
import type { AssignmentChanges, ClaimedRun, Commit, GateChange, StepRow } from '@taskrunner/core/ports';
import { flushOf } from '../flush/flush-statement';
import { flushPart } from '../flush/flush-values';
import { aCommit, anAnnouncement, aStep } from './builders';
import type { ModelDatabase } from '../../../testing/model/model-database';
import { runKey, type RunRow } from '../../../testing/model/rows';

export const ELAPSED = 1_000;
const FUTURE = 4_000_000_000_000;

/** A statement for both databases. Worker ids differ between them. */
export interface Both {
  readonly name: string;
  readonly values: (workerIds: readonly string[]) => readonly unknown[];
  /** Not set: the text of the file with this name. */
  readonly text?: string;
}

/** The number, or sometimes one beside it. */
export function nearly(random: Random, number: number): number {
  return random.chance(0.85) ? number : number + random.pick([-1, 1]);
}

/** Random commits of drivers, for the current state of the model. */
export class RandomCommits {
  constructor(
    private readonly random: Random,
    private readonly model: ModelDatabase,
    /** True if commits dispatch assignments. */
    private readonly withAssignments: boolean,
    private readonly nextNumber: () => number,
  ) {}

  /** Changes of a commit to the assignments of its run, one kind at a time. */
  private assignmentChanges(run: RunRow): AssignmentChanges {
    const { random } = this;
    const name = random.pick(['a1', 'a1', 'a1', 'a2']);
    const key = runKey(run.tenant_id, run.run_id);
    const isThere = this.model.tables.assignments.cell(`${key}/${name}`)?.latest;
    const nothing: AssignmentChanges = { dispatched: [], revoked: [], settled: [] };
    if (!isThere || random.chance(0.05)) {
      const mac = sha256(name).slice(7);
      return {
        ...nothing,
        dispatched: [{ name, step: 'm' as StepId, first: 0, last: 2, items: random.int(1, 3), body: name, mac }],
      };
    }
    if (random.chance(0.3)) return { ...nothing, settled: [name] };
    const steps = ['x1', 'x2', 'x3'].filter(() => random.chance(0.4)) as StepId[];
    return { ...nothing, revoked: steps.length > 0 ? [{ name, steps }] : [] };
  }

  /** Commits of some of these runs, in one statement. */
  flush(known: readonly RunRow[]): Both {
    const { random } = this;
    const owned = known.filter(({ owner }) => owner !== null);
    const from = owned.length > 0 && random.chance(0.9) ? owned : known;
    const chosen = from.filter(() => random.chance(0.6));
    const order = [...(chosen.length > 0 ? chosen : [random.pick(from)])].sort((a, b) =>
      runKey(a.tenant_id, a.run_id) < runKey(b.tenant_id, b.run_id) ? -1 : 1,
    );
    // Only one of them dispatches, because assignments of the same time may be claimed in any order.
    const busiest = random.pick(order);
    const commits = order.map((run) => this.commit(run, this.withAssignments && run === busiest));
    const { name, values, text } = flushOf(commits.map((commit) => flushPart(commit, randomUUID)));
    return { name, values: () => values, text };
  }

  private commit(run: RunRow, withAssignments: boolean): Commit {
    const { random } = this;
    const gates: GateChange[] = [];
    if (random.chance(0.4)) {
      const gate = random.pick(['g1', 'g2']);
      const isThere = this.model.tables.gates.cell(`${runKey(run.tenant_id, run.run_id)}/${gate}`);
      if (!isThere || random.chance(0.05))
        gates.push({
          ...{ kind: 'opened', gate, approval: 'a', gateDigest: sha256(gate), request: { gate }, show: null },
          ...{ required: random.int(1, 2), expiresAt: random.chance(0.85) ? FUTURE : ELAPSED },
        });
      else gates.push({ kind: 'ended', gate, outcome: random.pick(['expired', 'closed']) });
    }
    const step = (name: string, place: number): StepRow =>
      random.chance(0.3)
        ? aStep(name, { place, status: 'needs_attention', error: { execution: random.int(1, 2) } })
        : aStep(name, { place, status: random.pick(['running', 'succeeded', 'failed']) });
    const ends = random.chance(0.05);
    const releases = ends || random.chance(0.2);
    const lines = random.chance(0.3) ? random.int(1, 3) : 0;
    const claimed = {
      tenant: run.tenant_id,
      runId: toRunId(run.run_id),
      fence: nearly(random, run.fence),
    } as ClaimedRun;
    const position = { prevSeq: nearly(random, run.last_seq), prev: sha256('x'), seen: 0 };
    return aCommit(claimed, position, {
      entries: random.int(1, 3),
      seen: random.chance(0.7) ? run.inbox_seq : run.seen,
      closes: releases || random.chance(0.1),
      releases,
      isSnapshot: random.chance(0.2),
      dueAt: ends ? null : random.pick([null, ELAPSED + random.int(0, 9_999), FUTURE]),
      gates,
      areStepsJournaled: random.chance(0.5),
      steps: [...(random.chance(0.7) ? [step('s1', 0)] : []), ...(random.chance(0.3) ? [step('s2', 1)] : [])],
      chunks: lines > 0 ? [{ step: 's1', execution: 1, chunk: random.int(0, 3), firstLine: run.last_line + 1 }] : [],
      ...(withAssignments ? { assignments: this.assignmentChanges(run) } : {}),
      artifacts: random.chance(0.1)
        ? [{ step: 's1', execution: 1, name: 'a', path: 'a', digest: sha256('a'), size: 1, mediaType: 'text/plain' }]
        : [],
      outbox: [
        ...(ends ? [{ kind: 'attest' } as const] : []),
        ...(random.chance(0.1) ? [anAnnouncement(this.nextNumber())] : []),
      ],
      run: {
        ...{ lastLine: run.last_line + lines, progressed: random.chance(0.5) },
        status: ends
          ? random.pick(['succeeded', 'failed', 'cancelled'])
          : random.pick(['running', 'waiting', 'cancelling']),
        finishedAt: ends ? 5 : null,
      },
    });
  }
}
