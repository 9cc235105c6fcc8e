import { bind, readsOfLeaf } from '../../../binding/bind';
import { isPureBuiltin, pureOutcome, type PureBuiltin, type PureOutcome } from '../../../binding/pure-step';
import { isLeftOut, visibleStep, type BindingContext } from '../../../binding/scope';
import { canonical } from '../../../canonical/canonical';
import { sha256 } from '../../../canonical/digest';
import { readDocument } from '../../../document/read-document';
import type { Digest, StepId } from '../../../foundation/ids';
import type { Json } from '../../../foundation/json';
import { builtinNamed } from '../../../plan/builtin-executors';
import { packFolderOf, runNodeAt } from '../../../plan/plan-index';
import type { Environment } from '../../../plan/profile';
import { hasOlderSchemaRules } from '../plan-again';
import type { PackFile } from '../../records/run-evidence';
import type { EventOf } from '../../records/run-facts';
import { toUtf8 } from '../../encoding/strict-json';
import { differing, type Outcome } from './outcome';

/** The outcome of a step at some position of the journal. `unknown`: a value or a file that it reads is missing. */
type Again = PureOutcome | 'unknown';

/**
 * Derives what built-in steps that act in the journal alone come to, and compares what was told. That one failed by another code than its own
 * is taken: a worker may be short of time or of its store. That it succeeded, and with what, follows from its parameters.
 *
 * Its parameters are bound when it begins, or soon after. Where they read what may change meanwhile, what they come to at both ends of that
 * time is compared, and where those differ nothing can be said.
 */
export class PureStepsAgain {
  /** Outcomes at the start of steps that read something that has not ended, by step. */
  private readonly atStart = new Map<StepId, Again>();

  /** Schema files of the pack, each read once; undefined: there is no such document. */
  private readonly documents = new Map<string, Json | undefined>();

  constructor(
    private readonly context: BindingContext,
    private readonly pack: readonly Pick<PackFile, 'path' | 'bytes'>[],
    private readonly environment: Pick<Environment, 'engines' | 'executors'>,
    /** Receives the outputs of a step, which are derived here and need not be in the bundle. */
    private readonly keep: (values: ReadonlyMap<Digest, Json>) => void,
  ) {}

  started(step: StepId): void {
    this.atStart.delete(step);
    const { uses } = runNodeAt(this.context.index, step);
    if (isPureBuiltin(uses) && !this.isSettled(step)) this.atStart.set(step, this.again(step, uses));
  }

  /** Null for other executors, and if nothing follows from the parameters. `missing`: no statement is possible. */
  outcomeOf(stated: EventOf<'attempt.succeeded'> | EventOf<'attempt.failed'>): Outcome | null {
    const { uses } = runNodeAt(this.context.index, stated.step);
    if (!isPureBuiltin(uses)) return null;
    if (stated.type === 'attempt.failed' && !JUDGED.has(stated.code)) return null;
    if (!this.isOfThisBehaviour(uses)) return 'missing';
    const now = this.again(stated.step, uses);
    if (now === 'unknown') return 'missing';
    if (agree(now, stated)) {
      if (now.kind === 'succeeded' && stated.type === 'attempt.succeeded' && stated.outputs !== null)
        this.keep(new Map([[stated.outputs.digest, now.outputs]]));
      return 'same';
    }
    const before = this.atStart.get(stated.step) ?? now;
    if (before === 'unknown' || canonical(before) !== canonical(now)) return 'missing';
    return differing(
      stated.type === 'attempt.failed'
        ? `it failed with ${stated.code}, which its parameters do not give`
        : now.kind === 'failed'
          ? `it succeeded, and ${uses} fails with ${now.code} here`
          : 'it returned what its parameters do not give',
    );
  }

  private isOfThisBehaviour(uses: PureBuiltin): boolean {
    const { executors } = this.environment;
    if (uses === 'builtin:validate-schema' && hasOlderSchemaRules(this.environment)) return false;
    const known = builtinNamed(uses)?.behaviour;
    return (Object.hasOwn(executors, uses) ? executors[uses] : known) === known;
  }

  private again(step: StepId, uses: PureBuiltin): Again {
    const bound = bind(this.context, step);
    if (bound.kind === 'missing') return 'unknown';
    if (bound.kind === 'fault') return { kind: 'failed', code: bound.code, message: bound.message, retryable: false };
    const { with: parameters } = bound.bound;
    const path = parameters['schema'];
    if (uses !== 'builtin:validate-schema' || typeof path !== 'string') return pureOutcome(uses, parameters);
    const schema = this.document(`${packFolderOf(this.context.index, step)}${path.replace(/^\.\//, '')}`);
    return schema === undefined ? 'unknown' : pureOutcome(uses, parameters, schema);
  }

  private document(path: string): Json | undefined {
    if (!this.documents.has(path)) {
      const bytes = this.pack.find((file) => file.path === path)?.bytes ?? null;
      const document = bytes === null ? null : readDocument(bytes);
      this.documents.set(path, document?.kind === 'read' ? document.value : undefined);
    }
    return this.documents.get(path);
  }

  /** True if everything that its parameters read is final: ended steps, inputs, items. */
  private isSettled(step: StepId): boolean {
    const { index, results } = this.context;
    return readsOfLeaf(runNodeAt(index, step)).every(({ root, path: [name] }) => {
      if (root === 'failed') return false;
      if (root !== 'steps') return true;
      const place = typeof name === 'string' ? visibleStep(index, step, name) : null;
      return place !== null && (results.get(place)?.endedAt != null || isLeftOut(this.context, place));
    });
  }
}

/** Failures that depend only on the parameters and not on the worker. */
const JUDGED: ReadonlySet<string> = new Set(['SCHEMA_INVALID', 'SCHEMA_UNUSABLE', 'STEP_FAILED', 'WITH_INVALID']);

function agree(again: PureOutcome, stated: EventOf<'attempt.succeeded'> | EventOf<'attempt.failed'>): boolean {
  if (stated.type === 'attempt.failed') return again.kind === 'failed' && again.code === stated.code;
  if (again.kind === 'failed' || stated.outputs?.kind !== 'value') return false;
  const text = canonical(again.outputs);
  return stated.outputs.digest === sha256(text) && stated.outputs.size === toUtf8(text).length;
}
