import { canonical } from '../canonical/canonical';
import { pointerTo } from '../document/json-pointer';
import type { Fault } from '../foundation/fault';
import type { StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { nearestName } from '../foundation/nearest-name';
import { nodeOf } from '../plan/place';
import type { ReadScenario } from './read-scenarios';
import type { ScenarioStatus } from './scenario';
import { scenarioFault, type ScenarioFaultCode } from './scenario-fault';
import type { Simulated } from './simulate';
import { stepPattern } from './step-pattern';

/** A result that differs from a scenario's expectation. */
export interface Difference {
  /** Pointer to the expectation in the scenario: `/expect/nodes/scan`. */
  readonly path: string;
  /** Its position in the file; from 1. */
  readonly line: number;
  readonly column: number;
  readonly expected: Json;
  readonly actual: Json;
  /** Both as text. */
  readonly message: string;
}

/** The result of comparing a simulation with a scenario's expectations, or why the scenario cannot be evaluated. */
type ScenarioCheck =
  | { readonly kind: 'judged'; readonly differences: readonly Difference[] }
  | { readonly kind: 'faulty'; readonly faults: readonly Fault[] };

/** Compares a simulation with the expectations of a scenario. */
export function checkScenario(read: ReadScenario, simulated: Simulated): ScenarioCheck {
  const { expect } = read.scenario;
  const faults: Fault[] = [];
  const differences: Difference[] = [];
  const differ = (path: string, expected: Json, actual: Json, message?: string): void => {
    if (canonical(expected) !== canonical(actual))
      differences.push(differenceAt(read, path, expected, actual, message));
  };
  const unknown = (code: ScenarioFaultCode, path: string, name: string, known: readonly string[]): void => {
    const near = nearestName(name, known);
    const { path: at, line, column } = read.locate(path, true);
    const what = code === 'SCENARIO_UNKNOWN_OUTPUT' ? 'The pack declares no output' : 'The plan has no step';
    const help = near === null ? undefined : `Did you mean ${near}?`;
    faults.push(scenarioFault(code, { path: at, line, column }, `${what} ${name}.`, help));
  };
  const { report } = simulated;
  const nodes = report.nodes.map(({ id }) => id);
  if (expect.errors !== null) differ('/expect/errors', expect.errors, [], 'the pack was planned without errors');
  if (expect.status !== null) differ('/expect/status', expect.status, simulated.status, endOf(simulated));
  if (expect.code !== null) differ('/expect/code', expect.code, simulated.code, endOf(simulated));
  for (const [key, status] of Object.entries(expect.nodes)) {
    const path = pointerTo('/expect/nodes', key);
    if (!stepPattern(key).picksAny(nodes)) unknown('SCENARIO_UNKNOWN_STEP', path, key, nodes);
    else {
      const wrong = instancesOf(key, simulated).filter(([, actual]) => !meets(actual, status));
      const [first] = wrong;
      if (first === undefined) continue;
      const shown = wrong.slice(0, 5).map(([step, actual]) => `${step} ${actual}`);
      const more = wrong.length > shown.length ? `, and ${wrong.length - shown.length} more` : '';
      differ(path, status, first[1], `${shown.join(', ')}${more}`);
    }
  }
  for (const [id, expected] of Object.entries(expect.classes)) {
    const path = pointerTo('/expect/classes', id);
    const node = report.nodes.find((one) => one.id === id);
    if (node === undefined) unknown('SCENARIO_UNKNOWN_STEP', path, id, nodes);
    else differ(path, expected, node.class, node.reason === null ? node.class : `${node.class} (${node.reason})`);
  }
  for (const [name, expected] of Object.entries(expect.outputs ?? {})) {
    const path = pointerTo('/expect/outputs', name);
    const output = report.outputs.find((one) => one.name === name);
    if (output === undefined) {
      const names = report.outputs.map((one) => one.name);
      unknown('SCENARIO_UNKNOWN_OUTPUT', path, name, names);
    } else if (output.known) differ(path, expected, output.value);
    else
      differences.push(
        differenceAt(
          read,
          path,
          expected,
          null,
          'its value is unknown; add the outputs that it depends on to the script',
        ),
      );
  }
  const sets = { approvals: report.approvals.map(({ gate }) => gate), ungatedEffects: report.ungatedEffects };
  for (const name of ['approvals', 'ungatedEffects'] as const) {
    const expected = expect[name];
    if (expected === null) continue;
    for (const [index, id] of expected.entries())
      if (!nodes.some((node) => node === id))
        unknown('SCENARIO_UNKNOWN_STEP', pointerTo(`/expect/${name}`, index), id, nodes);
    differ(`/expect/${name}`, [...new Set(expected)].sort(), [...sets[name]].sort());
  }
  return faults.length > 0 ? { kind: 'faulty', faults } : { kind: 'judged', differences };
}

/** Compares the faults of a refused planning with the expectations of a scenario. */
export function checkRefusal(read: ReadScenario, faults: readonly Fault[]): readonly Difference[] {
  const actual = [...new Set(faults.map(({ code }) => code))].sort();
  const { errors } = read.scenario.expect;
  const first = faults[0];
  const message = `the pack cannot be planned: ${first === undefined ? '' : `${first.code} ${first.path} ${first.message}`}`;
  if (errors === null) return [differenceAt(read, '/expect', 'a plan', actual, message)];
  return errors.every((code) => actual.includes(code))
    ? []
    : [differenceAt(read, '/expect/errors', [...errors].sort(), actual, message)];
}

function differenceAt(
  { locate }: ReadScenario,
  path: string,
  expected: Json,
  actual: Json,
  what: string = JSON.stringify(actual),
): Difference {
  const { line, column } = locate(path, true);
  return { path, line, column, expected, actual, message: `expected ${JSON.stringify(expected)}, got ${what}` };
}

/** A step that never began because its containers were skipped or had no items counts as skipped too. */
function meets(actual: string, status: ScenarioStatus): boolean {
  return actual === status || (status === 'skipped' && actual === 'not-reached');
}

function endOf({ status, code }: Simulated): string {
  return code === null ? status : `${status} (${code})`;
}

/** The steps that match a name, with their ends. */
function instancesOf(key: string, { steps, open, report }: Simulated): readonly (readonly [string, string])[] {
  const pattern = stepPattern(key);
  const found: (readonly [string, string])[] = [...steps].filter(([step]) => pattern.picks(step));
  for (const step of open) if (pattern.picks(step)) found.push([step, 'waiting']);
  if (found.length > 0) return found;
  // The instance does not exist, or nothing of the nodes began.
  if (pattern.isExact && key !== nodeOf(key as StepId)) return [[key, 'not-reached']];
  return report.nodes
    .filter(({ id }) => stepPattern(key).picksAny([id]))
    .map(({ id }): [string, string] => [id, 'not-reached']);
}
