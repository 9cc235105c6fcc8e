import { interpretersOf } from '../../evidence/verify/plan-again';
import type { Digest } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { buildPlan } from '../../planner/build-plan';
import type { Plan } from '../../plan/plan';
import type { Environment, Profile } from '../../plan/profile';
import { profileRules } from '../../plan/step-egress';
import type { PolicyEngines } from '../../policy/policy';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { ObjectStore } from '../../ports/objects/object-store';
import { KnownPacks } from '../packs/known-packs';
import { packFilesOf, type PackFile } from '../packs/pack-source';
import type { StoredPack } from '../packs/stored-contents';
import { collectBytes } from '../work/byte-pieces';

/** A pack as it was admitted. */
export interface AdmittedPack extends Pick<ClaimedRun, 'tenant' | 'manifest' | 'plan' | 'profile' | 'environment'> {
  readonly files: readonly PackFile[];
  readonly inputs: JsonObject;
}

/** The pack with which a run was admitted. Each file is hashed while it is read. */
export async function admittedPack(run: ClaimedRun, objects: ObjectStore): Promise<AdmittedPack> {
  const { tenant, plan, profile, environment, inputs } = run;
  const { manifest, files } = await storedPack(run, objects);
  return { tenant, manifest, files, plan, profile, environment, inputs: inputs as JsonObject };
}

/** The manifest and the files of a run's pack. Each file is hashed while it is read. */
export async function storedPack(
  { tenant, manifest, files: listed }: Pick<ClaimedRun, 'tenant' | 'manifest' | 'files'>,
  objects: ObjectStore,
): Promise<StoredPack> {
  const files: PackFile[] = [];
  for (const { path, digest, executable } of listed) {
    files.push({ path, bytes: await collectBytes(await objects.open(tenant, digest)), executable });
  }
  return { manifest, files };
}

/**
 * Plans an admitted pack again, from its manifest, files and inputs, in the environment with which the run was admitted. Returns the plan
 * hash, or null if it cannot be planned any more. Pure.
 */
export function replan(
  admitted: AdmittedPack,
  policyEngines: PolicyEngines,
  packs: KnownPacks = new KnownPacks(),
): Digest | null {
  const files = packFilesOf(admitted.files);
  const pack = packs.read(admitted.tenant, admitted.manifest, files);
  if (pack.kind === 'refused') return null;
  const environment = JSON.parse(admitted.environment) as Environment;
  const profile = JSON.parse(admitted.profile) as Profile;
  // The grants that packs may require were checked at admission.
  const grants = pack.pack.spec.approvals.flatMap((approval) => approval.grants);
  const planning = buildPlan({
    admitted: true,
    pack,
    files,
    inputs: admitted.inputs,
    environment,
    configuration: {
      policyEngines,
      // Defaults, destinations and secrets are those of the admission. Whether a secret may be read is decided again when its value is
      // read.
      defaults: profile.defaults,
      egress: profileRules(profile),
      grants,
      // The worker decides whether it starts them when it does.
      interpreters: interpretersOf(JSON.parse(admitted.plan) as Plan),
      secrets: Object.fromEntries(
        profile.secrets.map(({ name, provider }) => [name, { provider, requireGate: false }]),
      ),
      sensitiveInputs: true,
    },
  });
  return planning.kind === 'planned' ? planning.planHash : null;
}
