import type { JsonObject } from '../../foundation/json';
import type { ApprovalRule } from '../../pack/model/pack';
import type { PolicyEngines } from '../../policy/policy';
import type { Place } from '../context/expression-reader';
import type { InnerNames } from '../context/inner-names';
import type { PackUnit } from '../context/pack-unit';
import type { Node, Policy } from '../../plan/plan';
import type { RunContext } from './read-run';

/** What the reading of steps needs beside the steps. */
export interface StepContext extends RunContext {
  /** Values that expressions over inputs have; null where a fault hides them, or results decide them. */
  readonly known: JsonObject | null;
  /** Null in the pack that is run. */
  readonly inner: InnerNames | null;
  /** Approvals of the pack that is run. */
  readonly approvals: readonly ApprovalRule[];
  /** Secrets of the pack that is run which are bound here. */
  readonly outerGranted: ReadonlySet<string>;
  readonly policyEngines: PolicyEngines;
  /** Policies of inner packs, as they are read. */
  readonly policies: Policy[];
  /** Each pack that was read, and what it was read with. */
  readonly units: Map<PackUnit, StepContext>;
}

/** What a step is, whatever its kind. */
export type Common = Pick<Node, 'id' | 'name' | 'when' | 'needs' | 'stated' | 'runOn' | 'timeoutMs' | 'workers'>;
/** What expressions may read because of where a list stands. */
export type Around = Pick<Place, 'failed' | 'previous'>;
