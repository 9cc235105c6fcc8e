import type { Json } from '../../foundation/json';
import type { StaticType } from '../../expression/static-type';
import type { PlannedStep, Scope } from './planned-step';

/** The place of an expression. */
export interface Place {
  readonly scope: Scope;
  /** The step of the field; null: the end of the scope's list, when all its steps have ended. */
  readonly step: PlannedStep | null;
  /** True if `failed` may be read. */
  readonly failed: boolean;
  /** True inside a loop. */
  readonly previous: boolean;
}

/** A field after reading. */
export interface FieldReading {
  /** With every expression in canonical spelling. */
  readonly canonical: Json;
  readonly type: StaticType;
  /** True if it depends on results of steps, or on items that do. */
  readonly late: boolean;
  /** True if it reads the items of enclosing maps. */
  readonly local: boolean;
  /** True if it contains no expression. */
  readonly constant: boolean;
  /** True if it reads a sensitive input. */
  readonly sensitive: boolean;
  /** True if it had a fault. */
  readonly faulty: boolean;
}

/** What is found while a field is read. The meanings are those of `FieldReading`. */
export interface Tally {
  late: boolean;
  local: boolean;
  constant: boolean;
  sensitive: boolean;
  faulty: boolean;
}

/** Facts about a pack that are known before its steps are read. */
export interface PackNames {
  readonly inputs: StaticType;
  readonly sensitive: ReadonlySet<string>;
  readonly secrets: readonly string[];
  /** Bound secrets. */
  readonly granted: ReadonlySet<string>;
  /** Of an inner pack: inputs that depend on results of its caller's steps, and those that depend on items. */
  readonly late?: ReadonlySet<string>;
  readonly local?: ReadonlySet<string>;
}
