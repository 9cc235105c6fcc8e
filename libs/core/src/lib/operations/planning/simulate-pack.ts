import type { Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import { simulate, type Simulated } from '../../simulation/simulate';
import {
  environmentOfPack,
  planPack,
  type PackAsker,
  type PackSource,
  type PlanningSetting,
} from '../packs/pack-source';

/** The simulation of a pack, or all faults of the pack or the script. */
export type PackSimulation =
  | { readonly kind: 'simulated'; readonly planHash: Digest; readonly simulated: Simulated }
  | {
      readonly kind: 'refused';
      readonly code: 'PACK_INVALID' | 'PLAN_INVALID' | 'SCRIPT_INVALID';
      readonly faults: readonly Fault[];
    };

/** Plans a pack and simulates it under a script. Pure; executes and stores nothing. */
export function simulatePack(
  source: PackSource,
  inputs: JsonObject,
  script: Json,
  setting: PlanningSetting,
  asker?: PackAsker,
): PackSimulation {
  const planning = planPack(source, inputs, setting, asker);
  if (planning.kind === 'refused') return planning;
  const { planned, read } = planning;
  const simulation = simulate({
    planned,
    script,
    sealed: environmentOfPack(read, setting).mode === 'sealed',
    engines: setting.configuration.policyEngines ?? {},
  });
  if (simulation.kind === 'refused') {
    const faults = simulation.faults.map((fault) => ({ ...fault, path: `/script${fault.path}` }));
    return { kind: 'refused', code: 'SCRIPT_INVALID', faults };
  }
  return { kind: 'simulated', planHash: planned.planHash, simulated: simulation };
}

/** A simulation as JSON: the output of `taskrunner simulate --output json` and of the API. */
export function simulationJson({ report, status, code, tookMs, assumptions }: Simulated) {
  return { ...report, status, code, tookMs, assumptions };
}
