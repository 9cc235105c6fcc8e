import type { Fault } from '../../foundation/fault';
import type { Json } from '../../foundation/json';
import { checkRefusal, checkScenario, type Difference } from '../../simulation/check-scenario';
import { readScenarios, type FileFault, type ReadScenario } from '../../simulation/read-scenarios';
import { simulate } from '../../simulation/simulate';
import {
  environmentOfPack,
  planPack,
  type PackAsker,
  type PackSource,
  type PlanningSetting,
} from '../packs/pack-source';

/** Result of a scenario. */
type ScenarioOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly differences: readonly Difference[] }
  /** The scenario itself has faults, or the pack cannot be read. Faults of the pack have no `file`. */
  | { readonly kind: 'faulty'; readonly faults: readonly (Fault & { readonly file?: string })[] };

/** A scenario and its result. */
interface ScenarioResult {
  readonly file: string;
  readonly name: string;
  readonly outcome: ScenarioOutcome;
}

/** All scenarios of a pack. */
export interface ScenarioReport {
  readonly passed: number;
  readonly failed: number;
  /** Number of scenarios that could not be evaluated: the faulty results, and the scenarios that could not be read. Not 0 if `faults` is not empty. */
  readonly faulty: number;
  readonly results: readonly ScenarioResult[];
  /** Faults of the files. Scenarios with faults are not run. */
  readonly faults: readonly FileFault[];
}

/** Runs one scenario: plans the pack with its inputs, simulates its script, and compares. Pure; executes nothing. */
function runScenario(
  source: PackSource,
  read: ReadScenario,
  setting: PlanningSetting,
  asker?: PackAsker,
): ScenarioResult {
  const { file, scenario } = read;
  return { file, name: scenario.name, outcome: outcomeOf(source, read, setting, asker) };
}

function outcomeOf(
  source: PackSource,
  read: ReadScenario,
  setting: PlanningSetting,
  asker: PackAsker | undefined,
): ScenarioOutcome {
  const { file, scenario } = read;
  const planning = planPack(source, scenario.inputs, scenario.sealed ? sealing(setting) : setting, asker);
  if (planning.kind === 'refused') {
    if (planning.code === 'PACK_INVALID') return { kind: 'faulty', faults: planning.faults };
    return judged(checkRefusal(read, planning.faults));
  }
  const { planned } = planning;
  const sealed = scenario.sealed || environmentOfPack(planning.read, setting).mode === 'sealed';
  const simulation = simulate({
    planned,
    script: scenario.script,
    sealed,
    engines: setting.configuration.policyEngines ?? {},
  });
  if (simulation.kind === 'refused') return { kind: 'faulty', faults: simulation.faults.map(placed) };
  const check = checkScenario(read, simulation);
  return check.kind === 'faulty'
    ? { kind: 'faulty', faults: check.faults.map((fault) => ({ ...fault, file })) }
    : judged(check.differences);

  function placed(fault: Fault): Fault & { readonly file: string } {
    return { ...fault, ...read.locate(`/script${fault.path}`, true), file };
  }
}

function judged(differences: readonly Difference[]): ScenarioOutcome {
  return differences.length === 0 ? { kind: 'passed' } : { kind: 'failed', differences };
}

/** The installation as if it sealed every run, if it can seal at all. */
function sealing(setting: PlanningSetting): PlanningSetting {
  return { ...setting, environment: setting.sealedEnvironment ?? setting.environment };
}

/** A file that holds scenarios. */
export interface ScenarioFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Reads and runs the scenarios of some files. Only scenarios whose name or file contains `filter` run. */
export function runScenarios(
  source: PackSource,
  files: readonly ScenarioFile[],
  setting: PlanningSetting,
  { filter = '', asker }: { readonly filter?: string; readonly asker?: PackAsker } = {},
): ScenarioReport {
  const { scenarios, faults, unread } = readScenarios(files);
  const results = scenarios
    .filter(({ file, scenario }) => scenario.name.includes(filter) || file.includes(filter))
    .map((read) => runScenario(source, read, setting, asker));
  const count = (kind: ScenarioOutcome['kind']): number =>
    results.filter(({ outcome }) => outcome.kind === kind).length;
  return { passed: count('passed'), failed: count('failed'), faulty: count('faulty') + unread, results, faults };
}

/** True if a pack file holds scenarios: `tests/<name>.yaml`, `.yml` or `.json`. Files in deeper folders are data of scenarios. */
export function isScenarioFile(path: string): boolean {
  return /^tests\/[^/]+\.(?:yaml|yml|json)$/.test(path);
}

/** A scenario report as JSON: the output of `taskrunner test --output json` and of the API. */
export function scenarioReportJson({ results, ...report }: ScenarioReport): Json {
  return {
    ...report,
    results: results.map(({ file, name, outcome }) => ({
      file,
      name,
      status: outcome.kind,
      differences: outcome.kind === 'failed' ? outcome.differences : [],
      faults: outcome.kind === 'faulty' ? outcome.faults : [],
    })),
  } as unknown as Json;
}
