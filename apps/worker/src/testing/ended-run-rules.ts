import { sha256 } from '@taskrunner/core/canonical';
import { toRunId, type Digest, type RunId, type Subject } from '@taskrunner/core/foundation';
import { replay, type Entry, type Page } from '@taskrunner/core/journal';
import { indexPlan, nodeAt, type Plan, type Profile } from '@taskrunner/core/plan';
import { initialState } from '@taskrunner/core/run';
import { objectionToJournal, testRules, type JournalOf } from '@taskrunner/core/testing';
import type { ModelDatabase, RunRow, SourceRow } from '@taskrunner/infrastructure/testing';
import type { Effect } from './children';
import type { Invariant } from './verdict';

/** What must be true of the records of a run that has ended. `wrong`: called with each violation. */
export class EndedRunRules {
  constructor(
    private readonly database: () => ModelDatabase,
    private readonly wrong: (invariant: Invariant, what: string) => void,
  ) {}

  /** The journal replays to the end that the row says, and starts nothing but cleanup after a cancel. */
  checkReplay(name: string, source: SourceRow, run: RunRow, pages: readonly Page[]): void {
    const entries = pages.flatMap((page) => page.entries);
    const plan = JSON.parse(source.plan) as Plan;
    const profile = JSON.parse(source.profile) as Profile;
    const initiators = JSON.parse(source.initiators) as readonly Subject[];
    const index = indexPlan(plan, source.plan_hash as Digest, profile.defaults, testRules);
    const { state, diverged } = replay(index, initialState(index, toRunId(source.run_id), initiators), entries);
    if (diverged) this.wrong(9, `${name}: replay differs at ${diverged.seq}`);
    else if (state.result?.status !== run.status)
      this.wrong(9, `${name}: replay ends ${state.result?.status ?? 'not'}`);
    this.checkEvidence(name, source, plan, profile, pages);
    let cancelled = false;
    for (const { event } of entries) {
      if (event.type === 'cancel.accepted') cancelled = true;
      if (event.type !== 'step.started' || !cancelled) continue;
      let isCleanup = false;
      for (let at = event.step as string; at !== ''; at = at.includes('::') ? at.slice(0, at.lastIndexOf('::')) : '')
        if (!/\]$/.test(at) && nodeAt(index, at as never).node.runOn !== 'success') isCleanup = true;
      if (!isCleanup) this.wrong(8, `${name}: ${event.step} starts after the cancel`);
    }
  }

  /** Checks the journal as a verifier of the run's evidence would: each question is answered again. */
  private checkEvidence(name: string, source: SourceRow, plan: Plan, profile: Profile, pages: readonly Page[]): void {
    const { payload } = JSON.parse(source.admission) as { payload: string };
    const objection = objectionToJournal({
      pages,
      admission: JSON.parse(Buffer.from(payload, 'base64').toString()) as JournalOf['admission'],
      admissionDigest: source.admission_digest as Digest,
      plan,
      planHash: source.plan_hash as Digest,
      profile,
      profileDigest: source.profile_digest as Digest,
      environment: JSON.parse(source.environment) as JournalOf['environment'],
    });
    if (objection !== null) this.wrong(9, `${name}: a verifier would say: ${objection}`);
  }

  /** Rows of steps and gates say what the journal says. */
  checkRows(name: string, key: string, entries: readonly Entry[]): void {
    const { tables } = this.database();
    const statuses = new Map<string, string>();
    const gates = new Map<string, string>();
    for (const { event } of entries) {
      if (event.type === 'step.ended') statuses.set(event.step, event.status);
      if (event.type === 'gate.opened') gates.set(event.step, 'open');
      if (event.type === 'gate.ended') gates.set(event.step, event.outcome);
    }
    for (const { step, status } of tables.steps.rows(key))
      if (step !== '' && statuses.get(step) !== status)
        this.wrong(9, `${name}: the row of ${step} says ${status}, the journal ${statuses.get(step) ?? 'nothing'}`);
    const rows = new Map(tables.gates.rows(key).map(({ gate, state }) => [gate, state]));
    for (const [gate, state] of gates)
      if (rows.get(gate) !== state)
        this.wrong(3, `${name}: the row of gate ${gate} says ${rows.get(gate) ?? 'nothing'}, the journal ${state}`);
  }

  /** Lines 1 to n, each in one existing chunk, as written. */
  checkLines(name: string, key: string, run: RunRow, entries: readonly Entry[]): void {
    const { tables } = this.database();
    const places = tables.places.rows(key).sort((a, b) => a.last_line - b.last_line);
    const logs = entries.flatMap(({ event }) => (event.type === 'log' ? [event] : []));
    const chunks = new Map(
      tables.chunks.rows(key).map((chunk) => [`${chunk.step}#${chunk.execution}.${chunk.chunk}`, chunk]),
    );
    let next = 1;
    for (const [index, place] of places.entries()) {
      const log = logs[index];
      const chunk = `${place.step}#${place.execution}.${place.chunk}`;
      if (place.last_line - place.lines + 1 !== next) this.wrong(7, `${name}: line ${next} is missing`);
      next = place.last_line + 1;
      if (`${log?.step ?? ''}#${log?.execution ?? 0}.${log?.chunk ?? 0}` !== chunk || log?.lines !== place.lines)
        this.wrong(7, `${name}: the place of ${chunk} is not the journal's`);
      const data = chunks.get(chunk)?.data;
      if (!data || sha256(data) !== log?.sha256) this.wrong(7, `${name}: ${chunk} is not what was numbered`);
    }
    if (places.length !== logs.length || next - 1 !== run.last_line)
      this.wrong(7, `${name}: ${next - 1} lines, the row says ${run.last_line}`);
  }

  /** The chunks of each execution are consecutive, and complete if it succeeded. */
  checkExecutions(name: string, runId: RunId, entries: readonly Entry[], effects: readonly Effect[]): void {
    const streams = new Map<string, { chunks: number; lines: number }>();
    const succeeded = new Set<string>();
    for (const { event } of entries) {
      if (event.type === 'attempt.succeeded') succeeded.add(`${event.step}#${event.execution}`);
      if (event.type !== 'log') continue;
      const execution = `${event.step}#${event.execution}`;
      const { chunks, lines } = streams.get(execution) ?? { chunks: 0, lines: 0 };
      if (event.chunk !== chunks)
        this.wrong(7, `${name}: chunk ${event.chunk} of ${execution} follows ${chunks} others`);
      streams.set(execution, { chunks: chunks + 1, lines: lines + event.lines });
    }
    for (const { run, step, execution, lines } of effects) {
      if (run !== runId || !succeeded.has(`${step}#${execution}`)) continue;
      const numbered = streams.get(`${step}#${execution}`)?.lines ?? 0;
      if (numbered !== lines) this.wrong(7, `${name}: ${numbered} of ${lines} lines of ${step}#${execution}`);
    }
  }

  /** One end, one statement to sign, and no success after a cancel. */
  checkEnd(name: string, key: string, entries: readonly Entry[], source: SourceRow): void {
    const ends = entries.filter(({ event }) => event.type === 'run.ended').length;
    if (ends !== 1) this.wrong(8, `${name} has ${ends} ends`);
    const attests = this.database()
      .tables.outbox.rows(key)
      .filter(({ kind }) => kind === 'attest').length;
    if (attests !== 1) this.wrong(8, `${name} has ${attests} statements to sign`);
    if (source.run_id === '') this.wrong(8, name);
    const cancelled = entries.some(({ event }) => event.type === 'cancel.accepted');
    const end = entries.at(-1)?.event;
    const last = entries.find(({ event }) => event.type === 'run.ended')?.event ?? end;
    if (cancelled && last?.type === 'run.ended' && last.status === 'succeeded')
      this.wrong(8, `${name} was cancelled and succeeded`);
  }
}
