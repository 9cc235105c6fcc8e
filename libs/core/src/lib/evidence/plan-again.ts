import { isJsonArray, type Json } from '../foundation/json';
import type { Digest } from '../foundation/ids';
import { contentDigest } from '../pack/pack-digest';
import type { PackFiles } from '../pack/pack-files';
import { readPack, type ReadPack } from '../pack/read-pack';
import { buildPlan } from '../plan/build-plan';
import type { Block, Plan } from '../plan/plan';
import { profileRules } from '../plan/step-egress';
import type { PolicyEngines } from '../policy/policy';
import { openInputs, sensitiveInputs, type EvidenceDocuments } from './evidence-documents';
import type { RunEvidence } from './run-evidence';

/** The pack's files as the evidence carries them. */
function carriedFiles({ pack }: RunEvidence): PackFiles {
  const files = new Map(pack.files.map((file) => [file.path, file]));
  return {
    paths: () => [...files.keys()],
    read: (path) => files.get(path)?.bytes ?? null,
    executable: (path) => files.get(path)?.executable ?? false,
  };
}

/** The pack as the evidence carries it. */
export interface CarriedPack {
  readonly read: ReadPack;
  readonly files: PackFiles;
  /** Throws a `TypeError` if a file is carried by digest only. */
  readonly contentDigest: () => Digest;
}

/** The pack as the evidence carries it; null if its manifest is refused. */
export function readCarriedPack(evidence: RunEvidence): CarriedPack | null {
  const files = carriedFiles(evidence);
  const read = readPack(evidence.pack.manifest, files);
  if (read.kind === 'refused') return null;
  let digest: Digest | null = null;
  return { read, files, contentDigest: () => (digest ??= contentDigest(read.pack, files)) };
}

/**
 * The plan hash, planned again from the carried pack and the inputs under the admitted profile; a reason in words if the plan
 * is refused; null where it cannot be tried: sensitive inputs are not in a bundle, files may be carried by digest only, and an
 * engine of its policies may not be at hand.
 */
export function planAgain(
  { evidence, plan, profile, environment }: EvidenceDocuments,
  carried: () => CarriedPack | null,
  policyEngines: PolicyEngines,
): string | null {
  if (plan.policies.some(({ engine }) => engine !== 'cel' && !Object.hasOwn(policyEngines, engine))) return null;
  if (sensitiveInputs(plan).length > 0 || evidence.pack.files.some(({ bytes }) => bytes === null)) return null;
  const pack = carried();
  if (!pack) return 'refused: the manifest cannot be read';
  const given = Object.entries(openInputs(plan)).filter(([, value]) => value !== null);
  const planning = buildPlan({
    admitted: true,
    pack: pack.read,
    contentDigest: pack.contentDigest(),
    files: pack.files,
    inputs: Object.fromEntries(given),
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
  return planning.kind === 'planned' ? planning.planHash : `refused: ${planning.faults[0]?.code ?? 'unknown'}`;
}

/** What the operator allowed is not in a bundle; what the admitted plan uses was allowed. */
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
