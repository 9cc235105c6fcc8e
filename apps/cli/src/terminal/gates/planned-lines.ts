import { digestOf } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { plannedInputs, stepsBehind, type Plan, type PlannedStep, type StepFact } from '@taskrunner/core/plan';
import type { GateView, PlanView } from '../../server/run-views';
import { CliError } from '../cli-error';
import { safeBlock, safeLine } from '../safe-text';
import { shortened } from './shortened';

/** What an approver reads about the steps behind a gate. */
export interface PlannedBehind {
  readonly inputs: readonly StepFact[];
  readonly steps: readonly PlannedStep[];
}

/**
 * The steps behind a gate, from the plan whose hash the gate request names. Throws `CLI_GATE_DIGEST` if the server sends another plan or
 * profile.
 */
export function plannedBehind(
  { request, gateId }: GateView,
  { plan, profile, inputOrder = [] }: PlanView,
): PlannedBehind {
  if (digestOf(plan as Json) !== request.planHash || digestOf(profile as Json) !== request.profileDigest)
    throw new CliError(
      'CLI_GATE_DIGEST',
      'the plan does not match the gate request',
      'Do not decide. Contact the operator.',
    );
  const planned = plan as unknown as Plan;
  return {
    inputs: plannedInputs(planned, inputOrder),
    steps: stepsBehind(planned, profile as unknown as Parameters<typeof stepsBehind>[1], gateId),
  };
}

const NAME = 13;

/** The inputs of the run, and what each step behind the gate will do. `command`: prints long values whole; null: they are whole here. */
export function plannedLines({ inputs, steps }: PlannedBehind, command: string | null): readonly string[] {
  const linesOf = (facts: readonly StepFact[], indent: string): readonly string[] =>
    facts.flatMap((one) => factLines(one, indent, command));
  return [
    ...(inputs.length === 0 ? [] : ['inputs', ...linesOf(inputs, '  ')]),
    ...(steps.length === 0
      ? ['behind       no step executes anything']
      : ['behind       expressions are as the plan has them']),
    ...steps.flatMap(({ id, title, uses, effects, facts }) => [
      safeLine(`  step ${id}${title === null ? '' : ` (${title})`}: ${uses}, effects ${effects}`),
      ...linesOf(facts, '    '),
    ]),
  ];
}

function factLines({ name, text: whole }: StepFact, indent: string, command: string | null): readonly string[] {
  const { text, cut } = shortened(whole, command);
  const said = cut === null ? [] : [safeLine(`${indent}${name} ${cut}`)];
  return text.includes('\n')
    ? [safeLine(`${indent}${name}`), safeBlock(text, `${indent}  `), ...said]
    : [safeLine(`${indent}${name.padEnd(NAME)}${name.length < NAME ? '' : ' '}${text}`), ...said];
}
