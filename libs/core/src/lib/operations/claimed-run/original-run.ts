import { digestOf } from '../../canonical/digest';
import { doneAgain, mayTakeOver } from '../../binding/reuse';
import { RunProjection, type CapturedArtifact } from '../../binding/run-projection';
import type { AdmissionRecord } from '../../evidence/records/documents';
import { admissionDigestOf } from '../../evidence/records/read-documents';
import { factsOf, noteDetails, type RunFacts } from '../../evidence/records/run-facts';
import { withheldRecords } from '../../evidence/statement/derived-files';
import { stepRecords } from '../../evidence/records/step-records';
import { takesOver } from '../../evidence/records/takes-over';
import { ARTIFACT_WITHHELD } from '../../evidence/records/withheld-by-journal';
import type { Digest, NodeId, RunId, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { sameSubject } from '../../foundation/principal';
import { checkChain } from '../../journal/chain';
import type { PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { Fact } from '../../run/run-event';
import type { Answer } from '../../step/question';
import { archivedJournal, JournalWithheld } from '../retention/archived-run';
import { macsDiffer, type DriverDependencies } from './driver-dependencies';

/** The reused result of one leaf: the answer, its facts, and its value if the original's journal held it. */
export interface Reuse {
  readonly answer: Extract<Answer, { kind: 'reuse' }>;
  readonly facts: readonly Fact[];
  readonly value: Json | undefined;
}

/** Nothing is reused, and the leaf is started. */
export const NO_REUSE: Reuse = {
  answer: { kind: 'reuse', source: null, outputs: null },
  facts: [],
  value: undefined,
};

/** The original run of a rerun, as far as results may be reused. It is read once per claim and verified like a run's own journal. */
export class OriginalRun {
  private readonly again: ReadonlySet<NodeId>;
  private readonly records: ReadonlyMap<StepId, Digest>;

  private constructor(
    private readonly runId: RunId,
    private readonly index: PlanIndex,
    private readonly results: RunProjection,
    private readonly facts: RunFacts,
    private readonly values: ReadonlyMap<Digest, Json>,
    from: string,
  ) {
    this.again = doneAgain(index, from);
    this.records = new Map(stepRecords(index, facts).map((record) => [record.id, digestOf(record as unknown as Json)]));
  }

  /**
   * Reads the original of an admitted rerun. Its admission must verify, be of the same plan, and name only people whom the rerun names too.
   * If results are reused, its journal must verify and end where the rerun's admission says. `gone`: the original has been deleted, and
   * results were to be reused. Null: nothing is reused. A text describes what does not agree.
   */
  static async open(
    { claims, ...dependencies }: DriverDependencies,
    run: ClaimedRun,
    index: PlanIndex,
    { rerunOf, rerun, initiators }: AdmissionRecord,
  ): Promise<OriginalRun | null | 'gone' | { readonly wrong: string }> {
    if (rerunOf === null || rerun === undefined) return null;
    const reuses = takesOver({ rerun });
    const runId = rerunOf as RunId;
    const envelope = await claims.admission(run.tenant, runId);
    if (envelope === null) return reuses ? 'gone' : null;
    const record = dependencies.openAdmission(envelope);
    if (record?.runId !== runId || record.tenant !== run.tenant) return { wrong: 'its admission does not verify' };
    if (record.planHash !== run.planHash) return { wrong: 'it is of another plan' };
    if (!record.initiators.every((one) => initiators.some((other) => sameSubject(one, other))))
      return { wrong: 'one of its initiators is not an initiator of this run' };
    if (!reuses) return null;
    const rows = await claims.pages(run.tenant, runId, 0);
    const archived = rows.length > 0 ? [] : await archivedJournal(dependencies, run.tenant, runId).catch(ifWithheld);
    if (archived === null) return { wrong: 'its journal was withheld because it held a secret' };
    const pages = rows.length > 0 ? rows : archived;
    if (pages.length === 0) return 'gone';
    const { head, broken } = checkChain({ seq: 0, hash: admissionDigestOf(record) }, pages);
    if (broken || head.hash !== rerun.head) return { wrong: 'its journal is not the one that was admitted' };
    const badMac = macsDiffer(dependencies, runId, rows);
    if (badMac) return { wrong: badMac };
    const results = new RunProjection();
    for (const page of pages) for (const entry of page.entries) results.take(entry);
    const values = new Map(pages.flatMap((page) => Object.entries(page.values) as [Digest, Json][]));
    return new OriginalRun(runId, index, results, factsOf(pages), values, rerun.from);
  }

  /** The result of a leaf that this rerun, in its state `now`, reuses. */
  takeOver(now: RunProjection, step: StepId): Reuse {
    const digest = this.records.get(step);
    const result = this.results.get(step);
    if (!digest || !result || !mayTakeOver(this.index, step, this.again, this.results, now)) return NO_REUSE;
    const { outputs, artifacts } = result;
    const withheld = withheldRecords({ facts: this.facts }).filter((artifact) => artifact.step === step);
    const source = { run: this.runId, digest };
    return {
      answer: { kind: 'reuse', source, outputs },
      facts: [
        ...withheld.map((detail): Fact => ({ type: 'note', code: ARTIFACT_WITHHELD, detail })),
        ...artifacts.flatMap((artifact) => this.factsOfArtifact(step, artifact)),
      ],
      value: outputs?.kind === 'value' ? this.values.get(outputs.digest) : undefined,
    };
  }

  /**
   * An artifact stays where it is stored. Earlier versions of workers journaled a digest even for an artifact that was not stored; their
   * note is copied too.
   */
  private factsOfArtifact(step: StepId, artifact: CapturedArtifact): readonly Fact[] {
    const withheld = noteDetails(this.facts, SECRET_IN_ARTIFACT).find(({ digest }) => digest === artifact.digest);
    const note: readonly Fact[] = withheld ? [{ type: 'note', code: SECRET_IN_ARTIFACT, detail: withheld }] : [];
    return [...note, { type: 'artifact.captured', step, ...artifact }];
  }
}

function ifWithheld(error: unknown): null {
  if (JournalWithheld.is(error)) return null;
  throw error;
}

const SECRET_IN_ARTIFACT = 'SECRET_IN_ARTIFACT';
