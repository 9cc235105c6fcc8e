import type { Step } from '@taskrunner/client';
import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { safeLine } from './safe-text';

/** Maximum number of failed steps whose messages are printed. */
const MOST_STEPS = 20;
/** Maximum characters of a message on its line. */
const MOST_CHARACTERS = 240;

/**
 * What went wrong in each step that failed itself, on a line each, with the number of further ones. `shown`: the step that other lines
 * describe already; null: none. Steps whose error is only a code are in the tree with it.
 */
export function failedStepLines(
  runId: string,
  steps: readonly Pick<Step, 'id' | 'parent' | 'status' | 'error'>[],
  shown: string | null,
): readonly string[] {
  const failed = steps.filter(({ status }) => status === 'failed');
  const containers = new Set(failed.map(({ parent }) => parent));
  const said = failed.flatMap(({ id, error }) => {
    const { code, message } = isJsonObject(error as Json) ? (error as JsonObject) : {};
    return id === shown || containers.has(id) || typeof message !== 'string' || message === ''
      ? []
      : [`${id}: ${typeof code === 'string' ? code : 'FAILED'}: ${shortened(message)}`];
  });
  const more = said.length - MOST_STEPS;
  return [
    ...said.slice(0, MOST_STEPS).map((line) => safeLine(`failed ${line}`)),
    ...(more > 0
      ? [`and ${more} more failed ${more === 1 ? 'step' : 'steps'}: taskrunner show ${runId} --output json`]
      : []),
  ];
}

function shortened(message: string): string {
  const characters = [...(message.split('\n')[0] ?? '')];
  const isWhole = characters.length <= MOST_CHARACTERS && !message.includes('\n');
  return isWhole ? message : `${characters.slice(0, MOST_CHARACTERS).join('')}…`;
}
