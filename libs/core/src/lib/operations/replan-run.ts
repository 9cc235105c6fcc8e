import { interpretersOf } from '../evidence/plan-again';
import type { Digest } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { PackFiles } from '../pack/pack-files';
import { readPack } from '../pack/read-pack';
import { buildPlan } from '../plan/build-plan';
import type { Plan } from '../plan/plan';
import type { PlanConfiguration } from '../plan/plan-request';
import type { Environment, Profile } from '../plan/profile';
import { profileRules } from '../plan/step-egress';
import type { ClaimedRun } from '../ports/claims';
import type { ObjectStore } from '../ports/object-store';

/**
 * Plans the admitted pack again, from its manifest, its files (each read hashed) and its inputs, under the environment that the
 * run was admitted in. The plan hash, or null if it cannot be planned any more.
 */
export async function replanRun(
  run: ClaimedRun,
  objects: ObjectStore,
  configuration: Omit<PlanConfiguration, 'defaults' | 'grants' | 'egress'>,
): Promise<Digest | null> {
  const files = await loadPackFiles(run, objects);
  const pack = readPack(run.manifest, files);
  if (pack.kind === 'refused') return null;
  const environment = JSON.parse(run.environment) as Environment;
  const profile = JSON.parse(run.profile) as Profile;
  // The grants that packs may ask for were checked when the run was accepted.
  const grants = pack.pack.spec.approvals.flatMap((approval) => approval.grants);
  const planning = buildPlan({
    pack,
    files,
    inputs: run.inputs as JsonObject,
    environment,
    configuration: {
      ...configuration,
      // Defaults, destinations and secrets are those that the run was admitted with; who may have a secret is decided again where its value is read.
      defaults: profile.defaults,
      egress: profileRules(profile),
      grants,
      // Whether a worker starts them is decided when it does.
      interpreters: interpretersOf(JSON.parse(run.plan) as Plan),
      secrets: Object.fromEntries(
        profile.secrets.map(({ name, provider }) => [name, { provider, requireGate: false }]),
      ),
      sensitiveInputs: true,
    },
  });
  return planning.kind === 'planned' ? planning.planHash : null;
}

async function loadPackFiles(run: ClaimedRun, objects: ObjectStore): Promise<PackFiles> {
  const bytes = new Map<string, Uint8Array>();
  const executable = new Set<string>();
  for (const file of run.files) {
    const parts: Uint8Array[] = [];
    for await (const part of await objects.open(run.tenant, file.digest)) parts.push(part);
    bytes.set(file.path, joined(parts));
    if (file.executable) executable.add(file.path);
  }
  return {
    paths: () => [...bytes.keys()],
    read: (path) => bytes.get(path) ?? null,
    executable: (path) => executable.has(path),
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
