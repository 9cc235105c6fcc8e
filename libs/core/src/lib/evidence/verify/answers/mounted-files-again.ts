import { evaluate } from '../../../binding/answer';
import { boundFile, type BoundFile } from '../../../binding/bind';
import type { BindingContext } from '../../../binding/scope';
import { Missing } from '../../../binding/values';
import { canonical } from '../../../canonical/canonical';
import { sha256 } from '../../../canonical/digest';
import { readsOfTemplate } from '../../../expression/json-template';
import { isCodedError } from '../../../foundation/coded-error';
import type { Digest, StepId } from '../../../foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../../../foundation/json';
import { packAround, packFolderOf, runNodeAt } from '../../../plan/plan-index';
import type { PackFile } from '../../records/run-evidence';
import type { EventOf } from '../../records/run-facts';
import { differing, type Outcome } from './outcome';

/** Permitted digest at a path of `in/`; null if the bundle does not determine it. */
type Expected = ReadonlyMap<string, Digest | null>;

/** Derives the files of executions (`files` of a step) and compares them with the mounted ones. */
export class MountedFilesAgain {
  private last: { readonly execution: string; readonly expected: Expected | 'missing' | 'unknown' } | null = null;
  private readonly digests: ReadonlyMap<string, Digest>;

  constructor(
    private readonly context: BindingContext,
    pack: readonly Pick<PackFile, 'path' | 'digest'>[],
  ) {
    this.digests = new Map(pack.map(({ path, digest }) => [path, digest]));
  }

  /** `missing`: a value that `files` reads is missing. Otherwise whether the files agree with the plan. */
  outcomeOf({ step, execution, path, digest }: EventOf<'material.mounted'>): Outcome {
    const of = `${execution} ${step}`;
    if (this.last?.execution !== of) this.last = { execution: of, expected: this.expectedOf(step) };
    const { expected } = this.last;
    if (expected === 'missing' || expected === 'unknown') return 'missing';
    const bound = expected.get(path);
    // The number of files of a private list equals the number of elements of its value, which is not available here.
    if ([...expected].some(([key, known]) => known === null && key.endsWith('/') && path.startsWith(key)))
      return 'missing';
    if (bound === undefined) return differing(`it was given ${path}, which its files do not name`);
    if (bound === null) return 'missing';
    return bound === digest ? 'same' : differing(`it was given another file at ${path}`);
  }

  private expectedOf(step: StepId): Expected | 'missing' | 'unknown' {
    const { context } = this;
    const found = new Map<string, Digest | null>();
    for (const [key, template] of Object.entries(runNodeAt(context.index, step).files)) {
      const missing = new Missing();
      try {
        const value = this.isPrivate(step, template) ? null : evaluate(context, step, template, missing);
        if (missing.digests.size > 0) return 'missing';
        for (const [path, digest] of this.placed(step, key, template, value)) found.set(`in/${path}`, digest);
      } catch (error) {
        if (!isCodedError(error)) throw error;
        return missing.digests.size > 0 ? 'missing' : 'unknown';
      }
    }
    return found;
  }

  /** Secrets, sensitive inputs, and lists of failed steps, which may grow until a step begins. */
  private isPrivate(step: StepId, template: Json): boolean {
    const { inputs } = this.context.context;
    const own = packAround(this.context.index, step) === null;
    return readsOfTemplate(template).some(({ root, path: [name] }) => {
      if (root === 'secrets' || root === 'failed') return true;
      if (root !== 'inputs' || !own) return false;
      return typeof name === 'string' ? isSensitive(inputs[name]) : Object.values(inputs).some(isSensitive);
    });
  }

  private placed(
    step: StepId,
    key: string,
    template: Json,
    value: Json,
  ): readonly (readonly [string, Digest | null])[] {
    if (this.isPrivate(step, template)) return [[key, null]];
    if (!isJsonArray(value)) return [[key, this.digestOf(step, boundFile(value, key, false))]];
    return value.map((one, i) => {
      const file = boundFile(one, String(i), false);
      return [`${key}${String(i).padStart(6, '0')}-${nameOf(file)}`, this.digestOf(step, file)];
    });
  }

  private digestOf(step: StepId, file: BoundFile | null): Digest | null {
    switch (file?.kind) {
      case 'object':
        return file.digest;
      case 'pack':
        return this.digests.get(`${packFolderOf(this.context.index, step)}${file.path}`) ?? null;
      case 'content':
        return sha256(typeof file.content === 'string' ? file.content : canonical(file.content));
      case undefined:
        return null;
    }
  }
}

function isSensitive(value: Json | undefined): boolean {
  return value !== undefined && isJsonObject(value) && value['sensitive'] === true;
}

function nameOf(file: BoundFile | null): string {
  const name = file?.kind === 'object' ? file.name : file?.kind === 'pack' ? file.path : 'content';
  return name.replace(/\/$/, '').split('/').at(-1) ?? 'file';
}
