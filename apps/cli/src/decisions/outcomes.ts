import type { Schemas } from '@taskrunner/client';
import { readDocumentAt } from '../packs/input-arguments';
import { isRefusal } from '../server/failure';
import type { Server } from '../server/server';
import { CliError } from '../terminal/cli-error';
import { reportError } from '../terminal/report-error';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';

/** What a person can know of an execution whose outcome is unknown. */
export const OUTCOMES = ['succeeded', 'failed', 'retry'] as const;

/** The execution that needs attention according to the step. */
export function executionOf(error: unknown): number {
  const execution = (error as { execution?: unknown } | null)?.execution;
  if (typeof execution === 'number') return execution;
  throw new CliError(
    'CLI_USAGE',
    'the step does not need attention',
    'Check the steps with `taskrunner show RUN`, or pass the execution with --execution.',
  );
}

/** A step with an unknown outcome, and who is asked about it. */
interface UnknownOutcome {
  /** The API, as the person who is asked. */
  readonly server: Server;
  readonly terminal: Terminal;
  readonly runId: string;
  readonly stepId: string;
}

/** Asks the person at the terminal for the outcome of an execution, and records the answer. False: the person leaves it open. */
export async function askOutcome({ server, terminal, runId, stepId }: UnknownOutcome): Promise<boolean> {
  const { status, error } = await server.step(runId, stepId);
  if (status !== 'needs_attention') return true;
  const execution = executionOf(error);
  terminal.say(safeLine(`step ${stepId}, execution ${execution}: ${String(error?.message)}`));
  terminal.say('Find out what the step did. retry: it had no effect, and is executed again.');
  const isOutcome = (answer: string) => OUTCOMES.some((known) => known === answer);
  const outcome = await answered(terminal, 'succeeded, failed, retry or later? ', isOutcome);
  if (outcome === null) return false;
  const isText = (answer: string) => answer !== '';
  const reason = await answered(terminal, 'how do you know? (stored in the signed record) ', isText);
  if (reason === null) return false;
  const body = { execution, reason, outcome: outcome as (typeof OUTCOMES)[number] };
  try {
    await server.resolve(runId, stepId, body);
  } catch (refused) {
    if (!isRefusal(refused) || refused.code !== 'ATTENTION_OUTPUTS_INVALID') throw refused;
    reportError(refused, terminal);
    const file = await answered(terminal, 'file with the outputs of the step, YAML or JSON, or later? ', isText);
    if (file === null) return false;
    const outputs = (await readDocumentAt(file)) as Schemas['ResolveBody']['outputs'] & object;
    await server.resolve(runId, stepId, { ...body, outputs });
  }
  terminal.say(safeLine(`${stepId}, execution ${execution}: ${outcome}`));
  return true;
}

/** The first answer that is accepted; null: `later`, or no answer. */
async function answered(
  terminal: Terminal,
  question: string,
  isAccepted: (answer: string) => boolean,
): Promise<string | null> {
  for (;;) {
    const answer = (await terminal.ask(question))?.trim() ?? 'later';
    if (answer === 'later') return null;
    if (isAccepted(answer)) return answer;
  }
}
