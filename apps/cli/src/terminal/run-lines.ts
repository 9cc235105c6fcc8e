import { isJsonObject } from '@taskrunner/core';
import type { RunView, WaitView } from '../server/run-views';
import { safeLine } from './safe-text';

/** What a run waits for, and what to do about it. */
export function waitLines({ runId }: RunView, { kind, id, until }: WaitView): readonly string[] {
  if (kind === 'approval' || kind === 'policy')
    return [
      safeLine(`waiting for people at ${id ?? '?'}${until === null ? '' : ` until ${until}`}`),
      safeLine(`help: somebody who did not start it decides with: taskrunner approve ${runId} ${quoted(id ?? '')}`),
    ];
  if (kind === 'attention') return [safeLine(`needs attention: ${id ?? '?'}`)];
  return [];
}

/** How a run ended. */
export function endLines({ runId, status, error, evidence }: RunView): readonly string[] {
  const lines = [safeLine(`run ${runId} ${status}`)];
  if (isJsonObject(error)) {
    const { code, stepId, message } = error;
    lines.push(
      safeLine(`${textOf(code)}${stepId ? ` at ${textOf(stepId)}` : ''}${message ? `: ${textOf(message)}` : ''}`),
    );
  }
  if (evidence.digest !== null) lines.push(safeLine(`evidence ${evidence.digest}`));
  return lines;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** Quoted for a shell where needed. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9._:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
