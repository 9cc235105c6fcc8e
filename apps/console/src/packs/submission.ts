import { ONCE } from '../api/client';
import { bodyOf, type Plan, type Run, type SubmitRunBody, type TaskRunnerClient } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';

/** The pack of a submission, in one of the forms of the API. */
export type RunSource = Pick<SubmitRunBody, 'pack'> | Pick<SubmitRunBody, 'manifest'> | Pick<SubmitRunBody, 'bundle'>;

/** Inputs that have been read from a form. */
export interface ReadInputs {
  readonly values: Readonly<Record<string, Json>>;
  readonly files: Readonly<Record<string, File>>;
}

/** Uploads the files among the inputs, and returns all inputs as the API takes them. */
export async function inputsFor(
  client: TaskRunnerClient,
  { values, files }: ReadInputs,
  signal?: AbortSignal,
): Promise<Record<string, Json>> {
  const inputs: Record<string, Json> = { ...values };
  for (const [name, file] of Object.entries(files)) {
    const { digest } = await client.upload(file, signal === undefined ? {} : { signal });
    inputs[name] = { digest, name: file.name, ...(file.type === '' ? {} : { mediaType: file.type }) };
  }
  return inputs;
}

/** Plans without executing or storing anything. */
export async function check(
  client: TaskRunnerClient,
  source: RunSource,
  read: ReadInputs,
  signal: AbortSignal,
): Promise<Plan> {
  const body = { ...source, inputs: await inputsFor(client, read, signal) };
  const plan = await bodyOf(client.api.POST('/api/plans', { body, signal }));
  if ('planHash' in plan) return plan;
  throw new TypeError('the server has checked the pack and not planned it');
}

interface Start {
  readonly labels: Readonly<Record<string, string>>;
  /** The same key starts one run only. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/** Starts a run. */
export async function start(
  client: TaskRunnerClient,
  source: RunSource,
  read: ReadInputs,
  { labels, key, signal }: Start,
): Promise<Run> {
  const body: SubmitRunBody = { ...source, inputs: await inputsFor(client, read, signal), labels };
  return client.submit(body, { idempotencyKey: key, signal, ...ONCE });
}

/** Labels from lines of the form `key=value`; null: a line has another form. */
export function labelsIn(text: string): Readonly<Record<string, string>> | null {
  const lines = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  const pairs = lines.map((line) => [
    line.slice(0, line.indexOf('=')).trim(),
    line.slice(line.indexOf('=') + 1).trim(),
  ]);
  if (lines.some((line) => line.indexOf('=') < 1)) return null;
  return Object.fromEntries(pairs) as Record<string, string>;
}
