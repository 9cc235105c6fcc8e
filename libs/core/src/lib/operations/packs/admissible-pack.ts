import { canonical } from '../../canonical/canonical';
import type { Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import { manifestText } from '../../pack/pack-digest';
import { VENDORED } from '../../pack/pack-files';
import type { Plan } from '../../plan/plan';
import type { Planned, Receipt } from '../../plan/plan-request';
import {
  environmentOfPack,
  packedFiles,
  planPack,
  type PackAsker,
  type PackPlanning,
  type PackSource,
  type PlanningSetting,
} from './pack-source';
import { authoredForms } from './authored-forms';
import { sensitiveInputFaults, type SealedDocument } from './sensitive-in-pack';

/**
 * A pack that can run, as data. Long parts are texts, so that passing them to a thread, the database or a caller costs no more than a copy.
 */
export interface AdmissiblePack {
  readonly kind: 'planned';
  readonly pack: Plan['pack'];
  readonly planHash: Digest;
  readonly receipt: Receipt;
  readonly profileDigest: Digest;
  /** RFC 8785 texts. `inputs`: as in the plan. */
  readonly texts: {
    readonly plan: string;
    readonly profile: string;
    readonly manifest: string;
    readonly inputs: string;
    /** Forms of gates in the order of their authors: JSON, not sorted. Null: sorting changes none. */
    readonly forms: string | null;
  };
  /** Values of the given sensitive inputs by name: RFC 8785, unencrypted. They are never part of the plan. */
  readonly sensitive: Readonly<Record<string, string>>;
  /** True if the run is sealed. */
  readonly sealed: boolean;
  /** Number of nodes of the plan. */
  readonly steps: number;
  readonly workerLabels: Planned['workerLabels'];
  readonly concurrency: Planned['concurrency'];
  /** Paths of the pack's files, in order. */
  readonly packed: readonly string[];
  readonly warnings: readonly Fault[];
}

/** A pack that can run, or everything that is wrong with it. */
export type PackAdmission = AdmissiblePack | Extract<PackPlanning, { kind: 'refused' }>;

/**
 * Like `planPack`, as data. Also refuses a pack if the value of a sensitive input occurs in a document that evidence contains unchanged.
 */
export function admitPack(
  source: PackSource,
  inputs: JsonObject,
  setting: PlanningSetting,
  asker?: PackAsker,
  beside: readonly SealedDocument[] = [],
): PackAdmission {
  const planning = planPack(source, inputs, setting, asker);
  if (planning.kind === 'refused') return planning;
  const { planned, read, files } = planning;
  const { plan, planHash, receipt, text, profile, profileDigest, values, sensitive, warnings, index } = planned;
  const { workerLabels, concurrency } = planned;
  const packed = packedFiles(source, files);
  const environment = environmentOfPack(read, setting);
  const texts = {
    plan: text,
    profile: canonical(profile as unknown as Json),
    manifest: manifestText(read.pack),
    inputs: canonical(plan.inputs),
    forms: authoredForms(plan),
  };
  const supplied = Object.fromEntries(sensitive.map((name) => [name, values[name] ?? null]));
  const published = source.files.filter(({ path }) => path.startsWith(VENDORED));
  const faults = sensitiveInputFaults(supplied, [
    { name: 'the manifest', content: source.manifest },
    { name: 'the normalised manifest', content: texts.manifest },
    { name: 'the plan', content: texts.plan },
    { name: 'the profile', content: texts.profile },
    { name: 'the environment', content: canonical(environment as unknown as Json) },
    ...[...packed, ...published].map(({ path, bytes }) => ({ name: `the pack file ${path}`, content: bytes })),
    ...beside,
  ]);
  if (faults.length > 0) return { kind: 'refused', code: 'PLAN_INVALID', faults };
  return {
    kind: 'planned',
    pack: plan.pack,
    planHash,
    receipt,
    profileDigest,
    texts,
    sensitive: Object.fromEntries(Object.entries(supplied).map(([name, value]) => [name, canonical(value)])),
    sealed: environment.mode === 'sealed',
    steps: index.nodes.size,
    workerLabels,
    concurrency,
    packed: packed.map(({ path }) => path),
    warnings,
  };
}
