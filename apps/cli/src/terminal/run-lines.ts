import { isJsonObject, type JsonObject } from '@taskrunner/core/foundation';
import { furtherCode } from '../help/further-codes';
import type { RunFailure } from '../server/run-failure';
import type { PolicyView, RunView, WaitView } from '../server/run-views';
import { policyLines } from './policy-lines';
import { safeLine } from './safe-text';

/** What a run waits for, with the command to act on it; for a policy gate with the verdict, which people may override. */
export function waitLines({ runId }: RunView, { kind, id, until, policy = null }: WaitView): readonly string[] {
  if (kind === 'approval' || kind === 'policy')
    return [
      ...(policy === null ? [] : policyLines(policy)),
      safeLine(`waiting for approval at ${id ?? '?'}${until === null ? '' : ` until ${until}`}`),
      ...(policy === null ? [] : ['approving overrides the denial']),
      safeLine(
        `help: A person who did not start the run can decide with: taskrunner approve ${runId} ${quoted(id ?? '')}`,
      ),
    ];
  if (kind === 'environment')
    return [
      safeLine(`no worker matches the profile that this run was admitted with: ${id ?? '?'}`),
      safeLine(`help: Contact the operator, or cancel the run with: taskrunner cancel ${runId}`),
    ];
  if (kind === 'restore')
    return [
      'the database was restored. The run has steps that may act only once. It is not known whether they have acted since the backup.',
      safeLine(
        `help: Ask the operator to check, and to run: taskrunner maintain resume ${runId} --tenant NAME --reason TEXT`,
      ),
    ];
  if (kind === 'attention') return [safeLine(`needs attention: ${id ?? '?'}`)];
  return [];
}

/** What a run waits for, on a line. */
export function waitLine({ kind, id, until }: WaitView): string {
  return safeLine(`waiting: ${kind}${id === null ? '' : ` ${id}`}${until === null ? '' : ` until ${until}`}`);
}

/** How a run ended, with its message; if a policy ended it, with the verdict. `failure`: the step that failed first, if it is known. */
export function endLines(run: RunView, failure: RunFailure | null = null): readonly string[] {
  const { runId, status, error, evidence } = run;
  const lines = [safeLine(`run ${runId} ${status}`)];
  if (error !== null) {
    const { code, stepId, message } = error;
    const policy = policyOf(error as JsonObject);
    const said = policy === null || !refusedBy(code) ? textOf(message ?? '') : '';
    if (failure !== null && policy === null) lines.push(...failureLines(textOf(code), failure));
    else
      lines.push(safeLine(`${textOf(code)}${stepId ? ` at ${textOf(stepId)}` : ''}${said === '' ? '' : `: ${said}`}`));
    if (policy !== null) lines.push(...policyLines(policy).map((line) => `  ${line}`));
  }
  lines.push(...cancellationLines(run));
  lines.push(...messageLines(run).map((line) => `  ${line}`));
  if (evidence.digest !== null) lines.push(safeLine(`evidence ${evidence.digest}`));
  return lines;
}

/** What to do about a run that failed, with the commands for this run and step: the remedy of its code. Empty if there is nothing to do. */
export function endHelp({ runId, error }: RunView, failure: RunFailure | null = null): readonly string[] {
  if (error === null || policyOf(error as JsonObject) !== null) return [];
  const step = failure?.stepId ?? (error.stepId ? textOf(error.stepId) : null);
  const remedy = furtherCode(textOf(failure?.code ?? error.code))?.remediation ?? '';
  if (remedy === '' || remedy === 'No action is needed.') return [];
  const named = remedy
    .replaceAll(/(taskrunner [a-z]+) RUN\b/g, (_, command: string) => `${command} ${runId}`)
    .replaceAll(' --step STEP', () => (step === null ? '' : ` --step ${quoted(step)}`));
  return [safeLine(`help: ${named}`)];
}

/** Who cancelled a run and why; nothing if nobody did. A run that ended otherwise, because it had failed before, says so. */
export function cancellationLines({ status, cancellation = null }: Pick<RunView, 'status' | 'cancellation'>): string[] {
  if (cancellation === null) return [];
  const { by, reason } = cancellation;
  const what = /^cancell(ed|ing)$/.test(status) ? 'cancelled' : 'cancellation requested';
  return [safeLine(`${what} by ${by.name ?? by.sub}: ${reason}`)];
}

/** The message of a run, or why it has none; nothing if its pack has none. Servers of earlier versions send neither. */
export function messageLines({
  message = null,
  messageError = null,
}: Partial<Pick<RunView, 'message' | 'messageError'>>): readonly string[] {
  if (message !== null) return message.split('\n').map((line) => safeLine(`message: ${line}`));
  return messageError === null ? [] : [safeLine(`no message: ${messageError.code}, ${messageError.message}`)];
}

/** `CODE at scan[1]::check (b.example): what it said`, and how many failed beside it. */
function failureLines(code: string, { stepId, labels, code: own, said, count }: RunFailure): readonly string[] {
  const label = labels.length === 0 ? '' : ` (${labels.join(', ')})`;
  return [
    safeLine(`${own ?? code} at ${stepId}${label}${said === null ? '' : `: ${said}`}`),
    ...(count === null ? [] : [safeLine(`  ${count.failed} of ${count.all} failed at ${count.of}`)]),
  ];
}

/** True if the error message contains the policy's verdict. */
function refusedBy(code: unknown): boolean {
  return code === 'POLICY_DENIED' || code === 'POLICY_UNDECIDED';
}

function policyOf({ policy }: JsonObject): PolicyView | null {
  return isJsonObject(policy) ? (policy as unknown as PolicyView) : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** Quoted for a shell if necessary. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9._:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
