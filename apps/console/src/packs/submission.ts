import type { Plan, SubmitRunBody, Upload } from '@taskrunner/client';
import type { Api } from '../api/api';
import type { Json, Run } from '../api/views';

/** The pack of a submission, in one of the forms of the API. */
export type RunSource = Pick<SubmitRunBody, 'pack'> | Pick<SubmitRunBody, 'manifest'> | Pick<SubmitRunBody, 'bundle'>;

/** Inputs that have been read from a form. */
export interface ReadInputs {
  readonly values: Readonly<Record<string, Json>>;
  readonly files: Readonly<Record<string, File>>;
}

/** Uploads the files among the inputs, and returns all inputs as the API takes them. */
export async function inputsFor(api: Api, { values, files }: ReadInputs): Promise<Record<string, Json>> {
  const inputs: Record<string, Json> = { ...values };
  for (const [name, file] of Object.entries(files)) {
    const { digest } = await upload(api, file);
    inputs[name] = { digest, name: file.name, ...(file.type === '' ? {} : { mediaType: file.type }) };
  }
  return inputs;
}

export async function upload(api: Api, file: File): Promise<Upload> {
  return api.post<Upload>('uploads', file);
}

/** Plans without executing or storing anything. */
export async function check(api: Api, source: RunSource, read: ReadInputs): Promise<Plan> {
  return api.post<Plan>('plans', { ...source, inputs: await inputsFor(api, read) });
}

/** Starts a run. `key`: the same key starts one run only. */
export async function start(
  api: Api,
  source: RunSource,
  read: ReadInputs,
  labels: Readonly<Record<string, string>>,
  key: string,
): Promise<Run> {
  const body: SubmitRunBody = { ...source, inputs: await inputsFor(api, read), labels };
  return api.post<Run>('runs', body, { 'Idempotency-Key': key });
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
