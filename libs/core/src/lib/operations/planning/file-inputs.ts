import { pointerTo } from '../../document/json-pointer';
import type { Fault } from '../../foundation/fault';
import { isDigest, type Digest, type TenantId } from '../../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import type { Uploads } from '../../ports/objects/uploads';
import { toSuppliedInputs, toSentInputs, type SuppliedInputs } from './supplied-inputs';
import type { PackPlanner } from './pack-planner';
import type { PackSource } from '../packs/pack-source';

/** Inputs in the form for planners, with the faults of the files among them. */
export interface ResolvedFileInputs {
  readonly inputs: SuppliedInputs;
  readonly faults: readonly Fault[];
}

/** A caller's reference to a file. `name` and `mediaType` are for people and have no effect. */
interface FileReference {
  readonly digest: Digest;
  readonly size: number | null;
}

const MEMBERS = new Set(['digest', 'size', 'name', 'mediaType']);
const TEXT_CHARACTERS = 255;

/**
 * Inputs of type `file`. Callers refer to an upload of their tenant by its digest; planners need digest and size. `mustBeThere` is false if
 * nothing will run: a file with a given size then need not be uploaded.
 */
export async function resolveFileInputs(
  { uploads, planner }: { readonly uploads: Pick<Uploads, 'find'>; readonly planner: Pick<PackPlanner, 'describe'> },
  tenant: TenantId,
  { source, inputs }: { readonly source: PackSource; readonly inputs: SuppliedInputs },
  mustBeThere: boolean,
): Promise<ResolvedFileInputs> {
  // A reference is small, so it is among the values.
  const { values, text } = toSentInputs(inputs);
  const references = await referencesIn(planner, tenant, source, values);
  const digests = [...references.values()].map(({ digest }) => digest);
  const sizes = await uploads.find(tenant, [...new Set(digests)]);
  const faults: Fault[] = [];
  const resolved: Record<string, Json> = { ...values };
  for (const [name, { digest, size: supplied }] of references) {
    const size = sizes.get(digest);
    const refuse = (code: string, message: string, remediation: string) =>
      faults.push({ code, path: pointerTo('/inputs', name), line: null, column: null, message, remediation });
    if (size === undefined && (mustBeThere || supplied === null))
      refuse(
        'INPUT_UPLOAD_MISSING',
        `The upload of the input ${name} does not exist in this tenant, or it has expired.`,
        'Upload the file with POST /api/uploads, and submit again.',
      );
    else if (size !== undefined && supplied !== null && size !== supplied)
      refuse('INPUT_UPLOAD_SIZE', `The input ${name} has ${size} bytes.`, 'Correct the size, or omit it.');
    resolved[name] = { digest, size: size ?? supplied ?? 0 };
  }
  return { inputs: toSuppliedInputs({ values: resolved, text }), faults };
}

/** Inputs that the pack declares as files and that have the form of a reference. Other faults are left to the planner. */
async function referencesIn(
  planner: Pick<PackPlanner, 'describe'>,
  tenant: TenantId,
  source: PackSource,
  inputs: JsonObject,
): Promise<ReadonlyMap<string, FileReference>> {
  const found = new Map<string, FileReference>();
  for (const [name, value] of Object.entries(inputs)) {
    const reference = referenceIn(value);
    if (reference !== null) found.set(name, reference);
  }
  // Only submissions that seem to have files need to read the pack once more.
  if (found.size === 0) return found;
  const read = await planner.describe(tenant, source);
  const rules = read.kind === 'read' ? read.pack.spec.inputs : [];
  return new Map([...found].filter(([name]) => rules.some((rule) => rule.name === name && rule.type === 'file')));
}

function referenceIn(value: Json | undefined): FileReference | null {
  if (!isJsonObject(value) || !Object.keys(value).every((member) => MEMBERS.has(member))) return null;
  const { digest, size, name, mediaType } = value;
  if (!isDigest(digest) || !isLabel(name) || !isLabel(mediaType)) return null;
  if (size === undefined) return { digest, size: null };
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { digest, size } : null;
}

function isLabel(value: Json | undefined): boolean {
  return value === undefined || (typeof value === 'string' && value.length <= TEXT_CHARACTERS);
}
