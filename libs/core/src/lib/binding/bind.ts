import { extended } from '../foundation/extended';
import type { Digest, StepId } from '../foundation/ids';
import { onceFor } from '../foundation/once-for';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { ExpressionError } from '../expression/expression-fault';
import type { Reference } from '../expression/inspect';
import { parseJsonTemplate, readsOfTemplate, type JsonTemplate } from '../expression/json-template';
import { TextMemo } from '../expression/text-memo';
import { verbatimParameters } from '../plan/builtin-executors';
import { packAround, runNodeAt, type PlanIndex } from '../plan/plan-index';
import type { RunNode } from '../plan/plan';
import { scopeFor, type PrivateValues, type BindingContext } from './scope';
import { Missing } from './values';

/** The content of a file at a path under `in/`. */
export type BoundFile =
  | { readonly kind: 'object'; readonly digest: Digest; readonly size: number; readonly name: string }
  | { readonly kind: 'pack'; readonly path: string }
  | { readonly kind: 'content'; readonly content: Json; readonly secret: boolean };

/** A leaf's parameters with every template evaluated. */
interface BoundStep {
  readonly with: JsonObject;
  readonly env: { readonly [name: string]: string };
  readonly files: { readonly [path: string]: BoundFile | readonly BoundFile[] };
}

export type Bound =
  | { readonly kind: 'bound'; readonly bound: BoundStep }
  | { readonly kind: 'missing'; readonly digests: readonly Digest[] }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

/** Binds `with`, `env` and `files` of a leaf. A fault fails the attempt, and the attempt is not retried. */
export function bind(context: BindingContext, step: StepId, kept: PrivateValues = NOTHING_PRIVATE): Bound {
  const missing = new Missing();
  try {
    const shown = scopeFor(context, step, readsOfLeaf(runNodeAt(context.index, step)), missing);
    const bound = bindIn(context.index, step, shown, kept);
    return missing.digests.size > 0 ? { kind: 'missing', digests: [...missing.digests] } : bound;
  } catch (error) {
    if (missing.digests.size > 0) return { kind: 'missing', digests: [...missing.digests] };
    if (ExpressionError.is(error)) return { kind: 'fault', code: error.code, message: error.message };
    throw error;
  }
}

/** What the expressions of a leaf read. */
export function readsOfLeaf(node: RunNode): readonly Reference[] {
  return preparedOf(node).template.reads;
}

/** Binds a leaf whose scope is known. The values that are never stored are added to the scope. */
export function bindIn(
  index: PlanIndex,
  step: StepId,
  shown: JsonObject,
  kept: PrivateValues = NOTHING_PRIVATE,
): Exclude<Bound, { kind: 'missing' }> {
  const node = runNodeAt(index, step);
  const { template, verbatim } = preparedOf(node);
  try {
    // Sensitive inputs belong to the run. They are never passed into an inner pack.
    const own = packAround(index, step) === null;
    const inputs = own ? { ...(shown['inputs'] as JsonObject), ...kept.inputs } : (shown['inputs'] ?? null);
    const value = template.evaluate(extended(shown, { inputs, secrets: kept.secrets })) as {
      with: JsonObject;
      env: JsonObject;
      files: JsonObject;
    };
    const env = Object.fromEntries(
      Object.entries(value.env).map(([name, text]) => [name, typeof text === 'string' ? text : JSON.stringify(text)]),
    );
    const files: Record<string, BoundFile | readonly BoundFile[]> = {};
    for (const [path, file] of Object.entries(value.files)) {
      const secret = readsPrivate(node.files[path] ?? null, kept);
      const bound = isJsonArray(file)
        ? file.map((one, i) => boundFile(one, String(i), secret))
        : boundFile(file, path, secret);
      if (bound === null || (Array.isArray(bound) && bound.includes(null))) {
        return {
          kind: 'fault',
          code: 'FILE_NOT_A_FILE',
          message: `\`files.${path}\` is not an artifact, a file input, \`pack:<path>\` or {content}`,
        };
      }
      files[path] = bound as BoundFile | readonly BoundFile[];
    }
    return { kind: 'bound', bound: { with: { ...value.with, ...verbatim }, env, files } };
  } catch (error) {
    if (ExpressionError.is(error)) return { kind: 'fault', code: error.code, message: error.message };
    throw error;
  }
}

interface Prepared {
  /** Of `{with, env, files}`. */
  readonly template: JsonTemplate;
  readonly verbatim: JsonObject;
}

/** Computed once for a node, regardless of how many items and runs it is bound for. */
const preparedOf = onceFor((node: RunNode): Prepared => {
  const [templates, verbatim] = splitParameters(node);
  return { template: TEMPLATES.get(JSON.stringify({ with: templates, env: node.env, files: node.files })), verbatim };
});

/** Plans of one pack with different inputs have equal nodes, whose templates are parsed once. */
const TEMPLATES = new TextMemo((text): JsonTemplate => {
  const parsed = parseJsonTemplate(JSON.parse(text) as JsonObject);
  if (parsed.kind === 'faults') throw new TypeError(`not a template at '${parsed.faults[0]?.pointer ?? ''}'`);
  return parsed.template;
});

/** Parameters that hold templates, and those that are passed unchanged (scripts are never interpolated). */
export function splitParameters(node: Pick<RunNode, 'uses' | 'with'>): readonly [JsonObject, JsonObject] {
  const verbatim = new Set(verbatimParameters(node.uses));
  const entries = Object.entries(node.with);
  return [
    Object.fromEntries(entries.filter(([name]) => !verbatim.has(name))),
    Object.fromEntries(entries.filter(([name]) => verbatim.has(name))),
  ];
}

const NOTHING_PRIVATE: PrivateValues = { inputs: {}, secrets: {} };

/** True if a value may hold a secret or a sensitive input. */
function readsPrivate(template: Json, { inputs }: PrivateValues): boolean {
  return readsOfTemplate(template).some(({ root, path: [name] }) => {
    if (root === 'secrets') return true;
    return (
      root === 'inputs' && (typeof name === 'string' ? Object.hasOwn(inputs, name) : Object.keys(inputs).length > 0)
    );
  });
}

/** The file that a value in `files` refers to; null if it refers to none. `fallback` names an object without a name. */
export function boundFile(value: Json, fallback: string, secret: boolean): BoundFile | null {
  if (typeof value === 'string') return value.startsWith('pack:') ? { kind: 'pack', path: value.slice(5) } : null;
  if (!isJsonObject(value)) return null;
  if ('content' in value) return { kind: 'content', content: value['content'] ?? null, secret };
  const { digest, size, path, name } = value;
  if (typeof digest !== 'string') return null;
  const label =
    typeof path === 'string' ? path.replace(/\/$/, '').split('/').at(-1) : typeof name === 'string' ? name : null;
  return {
    kind: 'object',
    digest: digest as Digest,
    size: typeof size === 'number' ? size : 0,
    name: label ?? fallback,
  };
}
