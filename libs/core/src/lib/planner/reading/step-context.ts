import type { JsonObject } from '../../foundation/json';
import type { ApprovalRule } from '../../pack/model/pack';
import type { PolicyEngines } from '../../policy/policy';
import type { Place } from '../context/field-reading';
import type { InnerNames } from '../context/inner-names';
import type { PackUnit } from '../context/pack-unit';
import type { Node, Policy } from '../../plan/plan';
import type { RunContext } from './read-run';

/** Context for reading steps. */
export interface StepContext extends RunContext {
  /** Values of expressions over inputs; null if a fault prevents them, or if results determine them. */
  readonly known: JsonObject | null;
  /** Null in the outermost pack. */
  readonly inner: InnerNames | null;
  /** Approvals of the outermost pack. */
  readonly approvals: readonly ApprovalRule[];
  /** Secrets of the outermost pack that are bound here. */
  readonly outerGranted: ReadonlySet<string>;
  readonly policyEngines: PolicyEngines;
  /** Policies of inner packs, collected while they are read. */
  readonly policies: Policy[];
  /** Each pack that was read, with its context. */
  readonly units: Map<PackUnit, StepContext>;
}

/** Members of a step that do not depend on its kind. */
export type Common = Pick<Node, 'id' | 'name' | 'when' | 'needs' | 'stated' | 'runOn' | 'timeoutMs' | 'workers'>;
/** What expressions may read because of the place of a list. */
export type Around = Pick<Place, 'failed' | 'previous'>;
