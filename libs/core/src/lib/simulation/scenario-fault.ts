import type { Fault } from '../foundation/fault';
import type { Location } from '../pack/reading/reading';

/** Faults of a scenario beyond its fields: code → remedy. */
const SCENARIO_REMEDIES = {
  SCENARIO_EXPECTS_NOTHING: 'Add the expected result under expect, such as status: succeeded.',
  SCENARIO_NAME_TWICE: 'Use a unique name for each scenario of the pack.',
  SCENARIO_UNKNOWN_STEP: 'Use the id of a step in the plan.',
  SCENARIO_UNKNOWN_OUTPUT: 'Use an output that the pack declares.',
  SCENARIO_TOO_MANY: 'Keep at most 1 000 scenarios in a pack or a request.',
  SCENARIO_TEXT: 'Save the file as UTF-8.',
} as const;

/** A released code never changes meaning. */
export type ScenarioFaultCode = keyof typeof SCENARIO_REMEDIES;

/** A fault of a scenario with its position in the file. */
export function scenarioFault(
  code: ScenarioFaultCode,
  { path, line, column }: Pick<Location, 'path'> & { readonly line: number | null; readonly column: number | null },
  message: string,
  remediation: string = SCENARIO_REMEDIES[code],
): Fault {
  return { code, path, line, column, message, remediation };
}
