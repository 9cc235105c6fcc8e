import { readDocument } from '@taskrunner/core/document';
import { isJsonObject, sortFaults, type Fault, type Json, type JsonObject } from '@taskrunner/core/foundation';
import {
  assumedFor,
  checkPack,
  planPack,
  simulationJson,
  type PackSource,
  type PlanningSetting,
} from '@taskrunner/core/operations';
import { readPack, type Pack } from '@taskrunner/core/pack';
import { graphOf } from '@taskrunner/core/plan';
import { simulate } from '@taskrunner/core/simulation';
import type { PlanGraph } from '../run/graph-layout';

/** Codes that concern an installation and not the pack. */
const OF_INSTALLATION: ReadonlySet<string> = new Set(['SEALED_INSTALL_REQUIRED', 'SEALED_UNENFORCEABLE']);
/** A local pack has no signers, and its tenant is not known. */
const ANY_TENANT = { tenant: null, signers: [] };

export type InputRules = Pack['spec']['inputs'];

/** What would happen if a pack ran. */
export interface Rehearsal {
  /** Of the pack, by position. */
  readonly faults: readonly Fault[];
  /** Of the inputs. */
  readonly inputFaults: readonly Fault[];
  readonly inputs: InputRules;
  /** Null if there are faults. */
  readonly planned: {
    readonly name: string;
    readonly planHash: string;
    readonly graph: PlanGraph;
    readonly simulation: ReturnType<typeof simulationJson>;
    readonly inputs: JsonObject;
  } | null;
}

/**
 * Reads, plans and simulates a pack without an installation, as `validate` and `simulate` do. Pure; never throws because of a pack.
 * `written`: the inputs as JSON or YAML text.
 */
export function rehearse(manifest: string, written: string, setting: PlanningSetting): Rehearsal {
  const source: PackSource = { manifest, hasLines: true, files: [] };
  const reading = readPack(manifest);
  const read = reading.kind === 'read' ? reading : reading.partial?.read;
  const inputs: InputRules = read?.pack.spec.inputs ?? [];
  const here = {
    ...setting,
    configuration: { ...setting.configuration, ...assumedFor(read, setting.configuration.grants) },
  };
  const faults = sortFaults(checkPack(source, here, ANY_TENANT).filter(isOfPack));
  if (faults.length > 0) return { faults, inputFaults: [], inputs, planned: null };
  const values = inputsOf(written);
  if (values.kind === 'refused') return { faults, inputFaults: values.faults, inputs, planned: null };
  const planning = planPack(source, values.inputs, here, ANY_TENANT);
  if (planning.kind === 'refused') return { faults, inputFaults: planning.faults, inputs, planned: null };
  const { planned } = planning;
  const simulation = simulate({ planned, sealed: planned.plan.sandbox.mode === 'sealed' });
  if (simulation.kind === 'refused') return { faults: simulation.faults, inputFaults: [], inputs, planned: null };
  return {
    faults,
    inputFaults: [],
    inputs,
    planned: {
      name: `${planned.plan.pack.name}:${planned.plan.pack.version}`,
      planHash: planned.planHash,
      graph: graphOf(planned.plan, planned.planHash),
      simulation: simulationJson(simulation),
      inputs: values.inputs,
    },
  };
}

function isOfPack({ code, path }: Fault): boolean {
  return path !== '/inputs' && !path.startsWith('/inputs/') && !OF_INSTALLATION.has(code);
}

type Inputs =
  | { readonly kind: 'read'; readonly inputs: JsonObject }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

function inputsOf(written: string): Inputs {
  if (written.trim() === '') return { kind: 'read', inputs: {} };
  const reading = readDocument(written);
  if (reading.kind === 'refused') return { kind: 'refused', faults: reading.faults };
  const value: Json = reading.value;
  if (isJsonObject(value)) return { kind: 'read', inputs: value };
  const fault: Fault = {
    code: 'INPUTS_INVALID',
    path: '',
    line: 1,
    column: 1,
    message: 'the inputs are no object',
    remediation: 'Write a line `name: value` for each input.',
  };
  return { kind: 'refused', faults: [fault] };
}
