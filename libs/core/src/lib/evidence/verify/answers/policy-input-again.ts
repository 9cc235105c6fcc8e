import { policyInput } from '../../../binding/render-gate';
import type { BindingContext } from '../../../binding/scope';
import { visibleStep } from '../../../binding/scope';
import { Missing } from '../../../binding/values';
import { canonical } from '../../../canonical/canonical';
import { sha256 } from '../../../canonical/digest';
import { isCodedError } from '../../../foundation/coded-error';
import type { StepId } from '../../../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../../../foundation/json';
import type { Actor } from '../../../foundation/principal';
import { nodeAt, parentOf } from '../../../plan/plan-index';
import type { Placed } from '../../records/run-facts';
import { toUtf8 } from '../../encoding/strict-json';
import { differing, type Outcome } from './outcome';

/** Derives the inputs of policies from the journal and compares them as a whole. */
export class PolicyInputAgain {
  /** By the number of the entry that records the verdict. */
  readonly made = new Map<number, JsonObject>();
  private readonly endedAt = new Map<StepId, number>();
  /**
   * The last time at which a container or an item was opened, or a step's own `when` was answered. Its policies are evaluated after that.
   */
  private readonly begunAt = new Map<StepId, number>();
  private readonly actor: Json;

  constructor(
    private readonly context: BindingContext,
    initiators: readonly Actor[],
  ) {
    this.actor = initiators.map(({ iss, sub, kind }) => ({ iss, sub, kind }));
  }

  /** The step ended at this entry. */
  ended(step: StepId, seq: number): void {
    this.endedAt.set(step, seq);
  }

  /** The step was opened, or the last question before its start was answered, at this entry. */
  begun(step: StepId, seq: number): void {
    this.begunAt.set(step, seq);
  }

  outcomeOf(judged: Placed<'policy.judged'>): Outcome {
    const { at, engine, input } = judged;
    // CEL is evaluated within the turn that journals its answer. Other engines are called after a commit, at the time in the input.
    if (engine === 'cel') return this.compared(judged, at, () => true);
    const said = input?.kind === 'value' ? this.context.values.get(input.digest) : null;
    if (input === null) return judged.undecided && !judged.allow ? 'same' : differing('it was judged without an input');
    if (said === undefined) return 'missing';
    if (!isJsonObject(said)) return differing('its input is no object');
    const { now, steps } = said;
    if (typeof now !== 'string' || !isJsonObject(steps ?? null)) return differing('its input has no time or no steps');
    const asked = Date.parse(now);
    const among = Object.keys(steps as JsonObject);
    const objection = this.laterThan(judged.step, among, asked, at);
    return objection === null ? this.compared(judged, asked, (name) => among.includes(name)) : differing(objection);
  }

  /**
   * Steps that had ended when the engine was called: those before some position of the journal, which include the steps that the gate waits
   * for.
   */
  private laterThan(gate: StepId, among: readonly string[], asked: number, at: number): string | null {
    if (!(asked <= at)) return 'its input is of a later time';
    const { index } = this.context;
    const names = new Set([...index.nodes.values()].map(({ name }) => name));
    const ends = (name: string): number => this.endedAt.get(visibleStep(index, gate, name) ?? gate) ?? Infinity;
    const [last, first] = [
      Math.max(0, ...among.map(ends)),
      Math.min(Infinity, ...[...names].filter((name) => !among.includes(name)).map(ends)),
    ];
    if (last > first) return 'its input leaves out a step that had ended';
    const need = nodeAt(index, gate).node.needs.find((name) => !among.includes(name) && ends(name) !== Infinity);
    if (need !== undefined) return `its input leaves out ${need}, which the gate waits for`;
    const begun = this.lastBefore(gate);
    const known = [...names].find((name) => !among.includes(name) && ends(name) < begun);
    return known === undefined ? null : `its input leaves out ${known}, which had ended before the gate began`;
  }

  /** The last known entry before a gate begins: its container is opened, its dependencies have ended, its `when` is answered. */
  private lastBefore(gate: StepId): number {
    const { index } = this.context;
    const { begunAt, endedAt } = this;
    const needs = nodeAt(index, gate).node.needs.map(
      (name) => endedAt.get(visibleStep(index, gate, name) ?? gate) ?? 0,
    );
    return Math.max(begunAt.get(parentOf(index, gate)) ?? 0, begunAt.get(gate) ?? 0, ...needs);
  }

  private compared(judged: Placed<'policy.judged'>, at: number, among: (name: string) => boolean): Outcome {
    const missing = new Missing();
    let made: Json = null;
    try {
      made = policyInput(this.context, judged.step, at, this.actor, missing, among);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      if (missing.digests.size > 0) return 'missing';
      return judged.input === null && judged.undecided
        ? 'same'
        : differing('its input cannot be made, and it was judged');
    }
    if (missing.digests.size > 0) return 'missing';
    const text = canonical(made);
    const { input } = judged;
    const isSame = input?.kind === 'value' && input.digest === sha256(text) && input.size === toUtf8(text).length;
    if (!isSame) return differing('it was judged over another input');
    this.made.set(judged.seq, made as JsonObject);
    return 'same';
  }
}
