import { answer } from '../../../binding/answer';
import { OriginalResults } from '../../../binding/original-results';
import { RunProjection } from '../../../binding/run-projection';
import type { BindingContext } from '../../../binding/scope';
import type { Values } from '../../../binding/values';
import { digestOf } from '../../../canonical/digest';
import { sameJson } from '../../../canonical/same-json';
import type { Digest, RunId, StepId, TenantId } from '../../../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../../../foundation/json';
import type { Node } from '../../../plan/plan';
import { nodeAt } from '../../../plan/plan-index';
import type { Answer, Question } from '../../../step/question';
import type { EvidenceDocuments } from '../../records/evidence-documents';
import { hasOlderSchemaRules } from '../plan-again';
import type { EventOf, Placed } from '../../records/run-facts';
import { takesOver } from '../../records/takes-over';
import { MountedFilesAgain } from './mounted-files-again';
import { differing, type Outcome } from './outcome';
import { PolicyInputAgain } from './policy-input-again';
import { PureStepsAgain } from './pure-steps-again';

/** What was asked: a question of the tree, the input of a policy, the files of an execution, or the outcome of a pure built-in step. */
export type Asked = Question | 'policy' | 'files' | 'outcome';

/** Something that cannot be derived from the bundle. */
export interface Unanswered {
  readonly asked: Asked;
  readonly step: StepId;
  /**
   * `value`: a value that it reads is not in the bundle. `original`: the bundle of the run that this one does again is not at hand. `rules`: the
   * run was admitted under older rules for JSON Schemas, by which an inner pack's inputs were judged otherwise.
   */
  readonly lacks: 'value' | 'original' | 'rules';
}

/** The result of answering all questions again. */
export interface AnswersAgain {
  /** Number of derivations of each kind that agree with the journal. */
  readonly derived: ReadonlyMap<Asked, number>;
  readonly unanswered: readonly Unanswered[];
  /**
   * Descriptions of what only the worker asserts: outcomes of pure built-in steps whose parameters read a value that a bundle need not
   * hold, and messages of faults that this verifier words differently.
   */
  readonly onWord: readonly string[];
  /** Description of the first answer that differs from the journal. Nothing after it was checked. */
  readonly differs: string | null;
  /** Derived inputs of policies, by the number of their entry. */
  readonly policyInputs: ReadonlyMap<number, JsonObject>;
  /** Values of the journal that were read. */
  readonly read: ReadonlySet<Digest>;
  /** Read values that are missing. */
  readonly missing: ReadonlySet<Digest>;
}

/**
 * Answers every question of a run again, from inputs, recorded outputs and the plan, at the place in the journal where it was answered:
 * `when`, `items`, branches, `until`, outputs of containers and gates, gate requests, inputs of inner packs and of policies, what a rerun
 * takes over, the files that steps were given, and what pure built-in steps came to. Anyone who holds the values thus detects a worker that
 * journaled a different answer (docs/guides/evidence-and-verification.md, Checks and their basis).
 */
export function answerAgain(documents: EvidenceDocuments, original: EvidenceDocuments | null): AnswersAgain {
  return new Walk(documents, original).walk();
}

class Walk {
  private readonly results = new RunProjection();
  private readonly values: RecordedValues;
  private readonly context: BindingContext;
  private readonly derived = new Map<Asked, number>();
  private readonly unanswered: Unanswered[] = [];
  private readonly policies: PolicyInputAgain;
  private readonly files: MountedFilesAgain;
  private readonly pure: PureStepsAgain;
  private readonly onWord: string[] = [];
  private readonly taken: OriginalResults | null;
  /** The run ends because its process died of it. Its questions are no longer evaluated. */
  private isPoison = false;

  constructor(
    private readonly documents: EvidenceDocuments,
    original: EvidenceDocuments | null,
  ) {
    const { evidence, index, plan, planHash, admission } = documents;
    const { runId, tenant, rerun } = admission.record;
    this.values = new RecordedValues(evidence.pages.map(({ values }) => values));
    const context = { runId: runId as RunId, tenant: tenant as TenantId, planHash, inputs: plan.inputs };
    this.context = { index, results: this.results, values: this.values, context };
    this.policies = new PolicyInputAgain(this.context, admission.record.initiators);
    this.files = new MountedFilesAgain(this.context, evidence.pack.files);
    const besides = { ...this.context, values: this.values.besides };
    this.pure = new PureStepsAgain(besides, evidence.pack.files, documents.environment, (values) =>
      this.values.keep(values),
    );
    this.taken =
      original && rerun && takesOver(admission.record)
        ? new OriginalResults(index, original.facts.entries, rerun.from)
        : null;
  }

  walk(): AnswersAgain {
    let differs: string | null = null;
    for (const entry of this.documents.facts.entries) {
      differs = this.objectionTo(entry);
      if (differs !== null) break;
      this.results.take(entry);
    }
    const { derived, unanswered, onWord, policies, values } = this;
    const { read, missing } = values;
    return { derived, unanswered, onWord, differs, policyInputs: policies.made, read, missing };
  }

  private objectionTo({ seq, at, event }: EvidenceDocuments['facts']['entries'][number]): string | null {
    switch (event.type) {
      case 'run.failed':
        this.isPoison ||= event.code === 'POISON';
        return null;
      case 'question.answered':
        if (event.question === 'when' || event.question === 'reuse') this.policies.begun(event.step, seq);
        return this.answered({ ...event, seq, at });
      case 'step.opened':
      case 'pack.entered':
        this.policies.begun(event.step, seq);
        return null;
      case 'policy.judged':
        return this.count('policy', event.step, this.policies.outcomeOf({ ...event, seq, at }));
      case 'material.mounted':
        return this.count('files', event.step, this.files.outcomeOf(event));
      case 'step.started':
        this.pure.started(event.step);
        return null;
      case 'attempt.succeeded':
      case 'attempt.failed':
        return this.ended(event);
      case 'step.ended':
        this.policies.ended(event.step, seq);
        return null;
      default:
        return null;
    }
  }

  private answered(input: Placed<'question.answered'>): string | null {
    const { step, question, answer: journaled } = input;
    if (question === 'reuse') return this.reused(input);
    if (this.isPoison && journaled.kind === 'fault' && journaled.code === 'POISON') return null;
    const { documents, context } = this;
    const request = journaled.kind === 'gate' ? this.requestOf(journaled.gateDigest) : null;
    if (journaled.kind === 'gate' && request === null) return this.count(question, step, 'missing');
    const nonce = typeof request?.['nonce'] === 'string' ? request['nonce'] : '';
    const { profileDigest, admission } = documents;
    const rendering = { at: input.at, nonce, profileDigest, admissionDigest: admission.envelope.digest };
    const again = answer(context, step, question, rendering);
    if (again.kind === 'missing') return this.count(question, step, 'missing');
    if (isSame(again.answer, journaled)) {
      this.values.keep(again.values);
      if (!sameJson(again.answer, journaled)) this.onWord.push(`the message of ${question} of ${step || 'the run'}`);
      return this.count(question, step, 'same');
    }
    if (question === 'inputs' && hasOlderSchemaRules(documents.environment)) {
      this.unanswered.push({ asked: question, step, lacks: 'rules' });
      return null;
    }
    const made = again.answer.kind === 'gate' ? again.values.get(again.answer.gateDigest) : null;
    const isEarlier = isOfEarlierVersion(request) && hasOlderSchemaRules(documents.environment);
    if (made && isEarlier && journaled.kind === 'gate') {
      const earlier = asEarlierVersion(made as JsonObject, nodeAt(context.index, step).node);
      if (digestOf(earlier) === journaled.gateDigest) return this.count(question, step, 'same');
    }
    return `${step || 'the run'}: ${question} is answered otherwise${memberOf(made ?? null, request)}`;
  }

  /** Null if it is not in the bundle. It then belongs to a gate that did not open. */
  private requestOf(gateDigest: Digest): JsonObject | null {
    const known = this.documents.gates.get(gateDigest)?.request ?? this.values.get(gateDigest) ?? null;
    return isJsonObject(known as Json) ? (known as unknown as JsonObject) : null;
  }

  private reused({ step, answer: journaled }: Placed<'question.answered'>): string | null {
    const { record } = this.documents.admission;
    if (!takesOver(record)) return `${step}: reuse is answered, and the run takes nothing over`;
    if (this.taken === null) {
      this.unanswered.push({ asked: 'reuse', step, lacks: 'original' });
      return null;
    }
    const may = this.taken.mayTakeOver(step, this.results);
    const does = journaled.kind === 'reuse' && journaled.source !== null;
    return this.count('reuse', step, may === does ? 'same' : differing('reuse is answered otherwise'));
  }

  private ended(stated: EventOf<'attempt.succeeded'> | EventOf<'attempt.failed'>): string | null {
    const outcome = this.pure.outcomeOf(stated);
    if (outcome === 'missing') this.onWord.push(`what ${stated.step} returned`);
    return outcome === null || outcome === 'missing' ? null : this.count('outcome', stated.step, outcome);
  }

  private count(asked: Asked, step: StepId, outcome: Outcome): string | null {
    if (typeof outcome === 'object') return `${step}: ${outcome.differs}`;
    if (outcome === 'missing') this.unanswered.push({ asked, step, lacks: 'value' });
    else this.derived.set(asked, (this.derived.get(asked) ?? 0) + 1);
    return null;
  }
}

/** True for the request of a gate with a policy in the older form, in which requests did not name the policy. */
function isOfEarlierVersion(request: JsonObject | null): boolean {
  const policy = request?.['policy'] ?? null;
  return isJsonObject(policy) && !Object.hasOwn(policy, 'id');
}

/** The request in the older form: without id and level of the policy, and without a message if the pack has none. */
function asEarlierVersion(made: JsonObject, node: Node): JsonObject {
  const { id: _id, level: _level, ...policy } = made['policy'] as JsonObject;
  const message = node.kind === 'gate' && node.message === null ? '' : (made['message'] ?? null);
  return { ...made, policy, message };
}

/** Faults are compared by code. Their messages are for people, and another version may word them differently. */
function isSame(again: Answer, journaled: Answer): boolean {
  if (again.kind === 'fault') return journaled.kind === 'fault' && again.code === journaled.code;
  return sameJson(again, journaled);
}

/** The member of a gate request that differs, for the message. */
function memberOf(made: Json, journaled: JsonObject | null): string {
  if (!isJsonObject(made) || journaled === null) return '';
  const name = Object.keys(made).find((member) => !sameJson(made[member], journaled[member]));
  return name === undefined ? '' : `: ${name} of its request`;
}

/**
 * The values beside the pages of a journal, by digest, and the values that were derived again. Later questions read the derived ones, which
 * may be too large for a bundle. Records which values were read.
 */
class RecordedValues implements Pick<Values, 'get'> {
  readonly read = new Set<Digest>();
  readonly missing = new Set<Digest>();
  private readonly held: Map<Digest, Json>;

  constructor(pages: readonly { readonly [digest: Digest]: Json }[]) {
    this.held = new Map(pages.flatMap((values) => Object.entries(values) as [Digest, Json][]));
  }

  /** A view for values that a bundle need not hold: a missing value is not reported as missing. */
  readonly besides: Pick<Values, 'get'> = {
    get: (digest) => {
      this.read.add(digest);
      return this.held.get(digest);
    },
  };

  /** Adds values under their digests. */
  keep(values: ReadonlyMap<Digest, Json>): void {
    for (const [digest, value] of values) if (!this.held.has(digest)) this.held.set(digest, value);
  }

  get(digest: Digest): Json | undefined {
    const value = this.held.get(digest);
    this.read.add(digest);
    if (value === undefined) this.missing.add(digest);
    return value;
  }
}
