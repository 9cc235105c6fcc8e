import { runEnds, stepEnds, type RunEnd, type StepEnd } from '../foundation/statuses';
import type { Json, JsonObject } from '../foundation/json';
import { anyKey, flag, format, json, jsonObject, oneOf, text } from '../pack/shapes/scalar-shapes';
import { defaulted, list, object, optional, record, required, type Shape } from '../pack/shapes/shape';
import type { NodeClass } from './report';

/** How a step may end in a scenario. `waiting`: it began and did not end; `not-reached`: it never began. */
export type ScenarioStatus = StepEnd | 'waiting' | 'not-reached';

/** Expected results of a scenario; null: no expectation. */
export interface Expectation {
  /** Final status of the run. */
  readonly status: RunEnd | 'waiting' | null;
  /** Code of the run's failure. */
  readonly code: string | null;
  /** Final statuses of steps by id or pattern: of every matching step. */
  readonly nodes: Readonly<Record<string, ScenarioStatus>>;
  /** Classes of nodes, by node id. */
  readonly classes: Readonly<Record<string, NodeClass>>;
  /** Values of declared outputs, by name. */
  readonly outputs: JsonObject | null;
  /** Gates that ask people: exactly these, in any order. */
  readonly approvals: readonly string[] | null;
  /** Unguarded steps with effects: exactly these, in any order. */
  readonly ungatedEffects: readonly string[] | null;
  /** Codes of faults: the pack is refused with these inputs, with at least each of these codes. */
  readonly errors: readonly string[] | null;
}

/** One test of a pack (docs/guides/simulation.md). */
export interface Scenario {
  readonly name: string;
  readonly description: string | null;
  readonly inputs: JsonObject;
  /** Outcomes to assume; see `parseScript`. */
  readonly script: JsonObject;
  /** True if the environment seals. */
  readonly sealed: boolean;
  readonly expect: Expectation;
}

const expectation: Shape<Expectation> = object<Expectation>({
  status: optional(oneOf(...runEnds, 'waiting')),
  code: optional(text),
  nodes: defaulted(record(anyKey, oneOf(...stepEnds, 'waiting', 'not-reached')), {}),
  classes: defaulted(record(anyKey, oneOf('pending', 'skipped', 'requires-approval', 'requires-policy')), {}),
  outputs: optional<JsonObject>(record<Json>(anyKey, json)),
  approvals: optional(list(text)),
  ungatedEffects: optional(list(text)),
  errors: optional(list(text, { min: 1 })),
});

const name = format('PACK_TEXT_FORMAT', 'a string of 1 to 200 characters', (supplied) =>
  supplied.trim() !== '' && supplied.length <= 200 ? supplied : null,
);

/** A scenario as written. */
export const scenarioShape: Shape<Scenario> = object<Scenario>({
  name: required(name),
  description: optional(text),
  inputs: defaulted(jsonObject, {}),
  script: defaulted(jsonObject, {}),
  sealed: defaulted(flag, false),
  expect: required(expectation),
});

/** JSON Schema (2020-12) of a scenario file: one scenario or a list of them. */
export function scenarioSchema(): JsonObject {
  const scenario = scenarioShape.schema();
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Scenario tests of a Task Pack',
    oneOf: [{ $ref: '#/$defs/scenario' }, { type: 'array', items: { $ref: '#/$defs/scenario' } }],
    $defs: { scenario },
  };
}
