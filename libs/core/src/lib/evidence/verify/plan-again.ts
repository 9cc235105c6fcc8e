import { isJsonArray, type Json } from '../../foundation/json';
import type { Digest } from '../../foundation/ids';
import { contentDigestOfListing, type ListedFile } from '../../pack/pack-digest';
import { packedPaths, type PackFiles } from '../../pack/pack-files';
import { readPack, type ReadPack } from '../../pack/read-pack';
import { buildPlan } from '../../planner/build-plan';
import type { Block, Plan } from '../../plan/plan';
import type { Environment } from '../../plan/profile';
import { profileRules } from '../../plan/step-egress';
import type { PolicyEngines } from '../../policy/policy';
import { openInputs, sensitiveInputs, type EvidenceDocuments } from '../records/evidence-documents';
import type { RunEvidence } from '../records/run-evidence';

/** The pack's files in the evidence. */
function carriedFiles({ pack }: RunEvidence): PackFiles {
  const files = new Map(pack.files.map((file) => [file.path, file]));
  return {
    paths: () => [...files.keys()],
    read: (path) => files.get(path)?.bytes ?? null,
    executable: (path) => files.get(path)?.executable ?? false,
  };
}

/** The pack in the evidence. */
export interface CarriedPack {
  readonly read: ReadPack;
  readonly files: PackFiles;
  /** Computed from the listing, so withheld bytes are not needed. Throws a `TypeError` if `.packignore` is listed without its bytes. */
  readonly contentDigest: () => Digest;
}

/** The pack in the evidence; null if its manifest is refused. */
export function readCarriedPack(evidence: RunEvidence): CarriedPack | null {
  const files = carriedFiles(evidence);
  const read = readPack(evidence.pack.manifest, files);
  if (read.kind === 'refused') return null;
  let digest: Digest | null = null;
  return { read, files, contentDigest: () => (digest ??= contentDigestOfListing(read.pack, listing(evidence, files))) };
}

/** The files that belong to the pack, by the digests that the evidence lists. */
function listing({ pack }: RunEvidence, files: PackFiles): readonly ListedFile[] {
  const listed = new Map(pack.files.map((file) => [file.path, file]));
  if (listed.has(PACK_IGNORE) && files.read(PACK_IGNORE) === null)
    throw new TypeError('which files belong to the pack is not known');
  return packedPaths(files).flatMap((path): readonly ListedFile[] => {
    const file = listed.get(path);
    return file ? [{ path, sha256: file.digest, executable: file.executable }] : [];
  });
}

const PACK_IGNORE = '.packignore';

/** Result of a new planning: the plan hash, why the pack is refused, or why it cannot be planned here. */
export type PlannedAgain =
  | { readonly kind: 'planned'; readonly planHash: Digest }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'untried'; readonly reason: string };

/**
 * Plans the carried pack again with the inputs under the admitted profile. Sensitive inputs are not in a bundle and are not needed: a plan
 * holds only their names. Not tried where the bytes of a file are withheld, where an engine of its policies is not at hand, or where only
 * schemas object, in a run that was admitted under older rules for them.
 */
export function planAgain(
  { evidence, plan, profile, environment }: EvidenceDocuments,
  carried: () => CarriedPack | null,
  policyEngines: PolicyEngines,
): PlannedAgain {
  const absent = plan.policies.find(({ engine }) => engine !== 'cel' && !Object.hasOwn(policyEngines, engine));
  if (absent) return { kind: 'untried', reason: `this verifier has no policy engine ${absent.engine}` };
  const withheld = evidence.pack.files.find(({ bytes }) => bytes === null);
  if (withheld) return { kind: 'untried', reason: `the bytes of ${withheld.path} are withheld` };
  const pack = carried();
  if (!pack) return { kind: 'refused', code: 'the manifest cannot be read' };
  const supplied = Object.entries(openInputs(plan)).filter(([, value]) => value !== null);
  const planning = buildPlan({
    admitted: true,
    pack: pack.read,
    contentDigest: pack.contentDigest(),
    files: pack.files,
    inputs: Object.fromEntries(supplied),
    withheldInputs: sensitiveInputs(plan),
    environment,
    configuration: {
      defaults: profile.defaults,
      grants: plan.approvals.flatMap(({ grants }) => grants),
      secrets: Object.fromEntries(
        profile.secrets.map(({ name, provider }) => [name, { provider, requireGate: false }]),
      ),
      interpreters: interpretersOf(plan),
      egress: profileRules(profile),
      sensitiveInputs: true,
      policyEngines,
    },
  });
  if (planning.kind === 'planned') return { kind: 'planned', planHash: planning.planHash };
  if (hasOlderSchemaRules(environment) && planning.faults.every(({ code }) => SCHEMA_CODES.has(code)))
    return { kind: 'untried', reason: 'it was admitted under older rules for JSON Schemas' };
  return { kind: 'refused', code: planning.faults[0]?.code ?? 'unknown' };
}

/**
 * True if older rules for JSON Schemas than today's applied to values of the run, because its environment names none. The run was then
 * admitted by a release whose gate requests do not name their policy.
 */
export function hasOlderSchemaRules({ engines }: Pick<Environment, 'engines'>): boolean {
  return !Object.hasOwn(engines, 'json-schema');
}

/** Codes of faults in schemas or found by schemas. */
const SCHEMA_CODES: ReadonlySet<string> = new Set(['SCHEMA_INVALID', 'INPUT_INVALID', 'INPUT_DEFAULT_INVALID']);

/** A bundle does not hold the operator's allowances. What the admitted plan uses was allowed. */
export function interpretersOf(plan: Plan): readonly string[] {
  const found = new Set<string>();
  const visit = (block: Block): void => {
    for (const node of block.nodes) {
      if (node.kind === 'run') {
        const interpreter: Json | undefined = node.with['interpreter'];
        if (isJsonArray(interpreter) && typeof interpreter[0] === 'string') found.add(interpreter[0]);
      } else if (node.kind === 'conditional') {
        for (const { body } of node.branches) visit(body);
        if (node.otherwise) visit(node.otherwise);
      } else if (node.kind !== 'gate') visit(node.body);
    }
  };
  visit(plan.graph);
  return [...found];
}
