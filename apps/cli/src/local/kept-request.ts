import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import type { InputFile } from '../packs/input-arguments';
import type { InputRules } from '../packs/input-hints';

/** Contents of a kept request, in its folder. */
export const REQUEST = 'request.json';
const FILES = 'files';

/** An input whose value is not kept. */
interface WithheldInput {
  readonly name: string;
  readonly type: string;
  /** False: a file that was not kept. */
  readonly sensitive: boolean;
}

/** What a run was started with, so that it can be started again. */
export interface KeptRequest {
  /** The pack as the command line named it; a path is absolute. */
  readonly pack: string;
  readonly grants: readonly string[];
  /** As in the record of the run. */
  readonly isSealed?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The pack in the form of a submission, and the inputs without those that are withheld. */
  readonly body: JsonObject;
  /** Inputs that are files, in the folder beside the request. */
  readonly files: readonly Pick<InputFile, 'name' | 'digest' | 'size'>[];
  /** Inputs whose values are not kept. */
  readonly withheld: readonly WithheldInput[];
}

/** What is submitted. */
export interface SubmittedRequest {
  readonly body: JsonObject;
  readonly files: readonly InputFile[];
  readonly rules: InputRules;
  readonly labels: Readonly<Record<string, string>>;
}

/** The request without the values of sensitive inputs. `hasFiles`: the files among the inputs are kept. */
export function keptRequest(
  { body, files, rules, labels }: SubmittedRequest,
  {
    pack,
    grants,
    isSealed,
    hasFiles,
  }: Pick<KeptRequest, 'pack' | 'grants' | 'isSealed'> & { readonly hasFiles: boolean },
): KeptRequest {
  const inputs = (body['inputs'] ?? {}) as JsonObject;
  const isFile = (name: string): boolean => files.some((file) => file.name === name);
  const names = Object.keys(inputs);
  const isWithheld = (name: string): boolean =>
    rules.some((rule) => rule.name === name && rule.sensitive) || (isFile(name) && !hasFiles);
  const keptInputs = Object.fromEntries(names.filter((name) => !isWithheld(name)).map((name) => [name, inputs[name]]));
  return {
    ...{ pack, grants, ...(isSealed === undefined ? {} : { isSealed }), labels },
    body: { ...body, inputs: keptInputs as JsonObject },
    files: files
      .filter(({ name }) => !isWithheld(name))
      .map(({ name, digest, size }) => ({ name, digest, size }) satisfies Json),
    withheld: names.filter(isWithheld).map((name) => {
      const { type = 'string', sensitive = false } = rules.find((rule) => rule.name === name) ?? {};
      return { name, type, sensitive };
    }),
  };
}

/** The place of an input that is a file. */
export function keptFile(folder: string, { digest }: Pick<InputFile, 'digest'>): string {
  return join(folder, FILES, digest.slice('sha256:'.length));
}

/** Copies the files of a request to the folder of its run. A file system that can share their blocks does. */
export async function keepFiles(
  folder: string,
  files: readonly Pick<InputFile, 'digest'>[],
  from: (file: Pick<InputFile, 'digest'>) => string,
): Promise<void> {
  if (files.length > 0) await mkdir(join(folder, FILES), { recursive: true, mode: 0o700 });
  for (const file of files) await copyFile(from(file), keptFile(folder, file), constants.COPYFILE_FICLONE);
}
