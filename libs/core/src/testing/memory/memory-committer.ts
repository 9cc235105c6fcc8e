import { Committer, type Commit, type Committed } from '../../lib/ports/runs/committer';
import type { WorldRecords } from './world-records';
import { compareSteps } from './compared-steps';
import { refusedTexts } from './refused-texts';

/** Commits turns to a world, by the rules of the real store. */
export class MemoryCommitter extends Committer {
  constructor(private readonly world: WorldRecords) {
    super();
  }

  async commit(commit: Commit): Promise<Committed> {
    const { world } = this;
    world.beforeCommit(commit);
    const run = world.run(commit.runId);
    if (run.fence !== commit.fence || run.owner === null || run.lastSeq !== commit.prevSeq)
      return { kind: 'claim-lost' };
    if (commit.closes && run.inbox !== commit.seen) return { kind: 'letters' };
    const message = refusedTexts(commit);
    if (message !== null) return { kind: 'refused', message };
    world.pages.get(commit.runId)?.push({ ...commit.page, mac: commit.mac });
    for (const row of commit.steps) world.rows.get(commit.runId)?.set(row.step, row);
    for (const gate of commit.gates) {
      const gates = world.gates.get(commit.runId);
      if (gate.kind === 'opened')
        gates?.set(gate.gate, {
          gate: gate.gate,
          state: 'open',
          gateDigest: gate.gateDigest,
          request: gate.request,
          show: gate.show,
        });
      else if (gates?.get(gate.gate)?.state === 'open')
        Object.assign(gates.get(gate.gate) ?? {}, { state: gate.outcome });
    }
    for (const placed of commit.chunks) {
      const chunk = world.chunks
        .get(commit.runId)
        ?.find((one) => one.step === placed.step && one.execution === placed.execution && one.chunk === placed.chunk);
      if (chunk) chunk.firstLine = placed.firstLine;
    }
    if (commit.assignments) world.assignments.change(commit.runId, commit.assignments);
    world.outbox.push(...commit.outbox.map((item) => (item.kind === 'attest' ? { runId: commit.runId } : item.body)));
    Object.assign(run, {
      lastSeq: commit.page.first + commit.page.entries.length - 1,
      head: commit.page.hash,
      snapshotSeq: commit.isSnapshot ? commit.page.first : run.snapshotSeq,
      seen: commit.seen,
      lastLine: commit.run.lastLine,
      status: commit.run.status,
      areStepsJournaled: commit.areStepsJournaled,
      run: commit.run,
      dueAt: commit.dueAt,
      committedAt: world.at,
      crashes: commit.run.progressed ? 0 : run.crashes,
    });
    if (!commit.areStepsJournaled)
      compareSteps(run.claimed, world.pages.get(commit.runId) ?? [], world.rows.get(commit.runId)?.values() ?? []);
    if (commit.releases) run.owner = null;
    return { kind: 'committed' };
  }
}
