import { interpretersOf } from '../../evidence/verify/plan-again';
import type { Digest } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { readPack } from '../../pack/read-pack';
import { buildPlan } from '../../planner/build-plan';
import type { Plan } from '../../plan/plan';
import type { Environment, Profile } from '../../plan/profile';
import { profileRules } from '../../plan/step-egress';
import type { PolicyEngines } from '../../policy/policy';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { ObjectStore } from '../../ports/objects/object-store';
import { packFilesOf, type PackFile } from '../packs/pack-source';
import type { StoredPack } from '../packs/stored-contents';
import { collectBytes } from '../work/byte-pieces';

/** A pack as it was admitted. */
export interface AdmittedPack extends Pick<ClaimedRun, 'manifest' | 'plan' | 'profile' | 'environment'> {
  readonly files: readonly PackFile[];
  readonly inputs: JsonObject;
}

/** The pack that a run was admitted with; each of its files is read hashed. */
export async function admittedPack(run: ClaimedRun, objects: ObjectStore): Promise<AdmittedPack> {
  const { plan, profile, environment, inputs } = run;
  return { ...(await storedPack(run, objects)), plan, profile, environment, inputs: inputs as JsonObject };
}

/** The manifest and the files of a run's pack; each file is read hashed. */
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
 * Plans an admitted pack again, from its manifest, its files and its inputs, under the environment that the run was admitted in. The
 * plan hash, or null if it cannot be planned any more. Pure.
 */
export function replan(admitted: AdmittedPack, policyEngines: PolicyEngines): Digest | null {
  const files = packFilesOf(admitted.files);
  const pack = readPack(admitted.manifest, files);
  if (pack.kind === 'refused') return null;
  const environment = JSON.parse(admitted.environment) as Environment;
  const profile = JSON.parse(admitted.profile) as Profile;
  // The grants that packs may ask for were checked when the run was accepted.
  const grants = pack.pack.spec.approvals.flatMap((approval) => approval.grants);
  const planning = buildPlan({
    admitted: true,
    pack,
    files,
    inputs: admitted.inputs,
    environment,
    configuration: {
      policyEngines,
      // Defaults, destinations and secrets are those that the run was admitted with; who may have a secret is decided again where its value is read.
      defaults: profile.defaults,
      egress: profileRules(profile),
      grants,
      // Whether a worker starts them is decided when it does.
      interpreters: interpretersOf(JSON.parse(admitted.plan) as Plan),
      secrets: Object.fromEntries(
        profile.secrets.map(({ name, provider }) => [name, { provider, requireGate: false }]),
      ),
      sensitiveInputs: true,
    },
  });
  return planning.kind === 'planned' ? planning.planHash : null;
}
