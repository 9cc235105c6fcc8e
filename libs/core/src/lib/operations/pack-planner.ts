import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import type { TenantId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import { planPack, type PackPlanning, type PackSource, type PlanningSetting } from './pack-source';

/** How many plannings are remembered, and of which packs: those with files or long manifests are planned each time. */
const REMEMBERED = 64;
const MANIFEST_CHARACTERS = 32 * 1024;
const INPUT_CHARACTERS = 16 * 1024;

/**
 * Plans packs under one setting and remembers the last plannings: a pack that is submitted over and over is read once. Planning is
 * pure, so a remembered one is the one that would be made. Each tenant has its own: nobody can tell by the time that an answer
 * takes what others run.
 */
export class PackPlanner {
  private readonly remembered = new Map<string, PackPlanning>();

  constructor(readonly setting: PlanningSetting) {}

  /** As `planPack`. */
  plan(tenant: TenantId, source: PackSource, inputs: JsonObject, signers: readonly string[] = []): PackPlanning {
    const key = keyOf(tenant, source, inputs, signers);
    const asker = { tenant, signers };
    if (key === null) return planPack(source, inputs, this.setting, asker);
    const known = this.remembered.get(key);
    const planning = known ?? planPack(source, inputs, this.setting, asker);
    // What is sensitive is kept no longer than it is needed.
    if (planning.kind === 'refused' || planning.planned.sensitive.length > 0) return planning;
    // The last used stands last.
    this.remembered.delete(key);
    this.remembered.set(key, planning);
    if (this.remembered.size > REMEMBERED) this.remembered.delete(this.remembered.keys().next().value as string);
    return planning;
  }
}

function keyOf(
  tenant: TenantId,
  { manifest, hasLines, files }: PackSource,
  inputs: JsonObject,
  signers: readonly string[],
): string | null {
  if (files.length > 0 || manifest.length > MANIFEST_CHARACTERS) return null;
  try {
    const text = canonical(inputs);
    return text.length > INPUT_CHARACTERS
      ? null
      : `${tenant} ${hasLines} ${sha256(manifest)} ${sha256(text)} ${signers.join(' ')}`;
  } catch {
    // Inputs that are no JSON: the planner says what is wrong with them.
    return null;
  }
}
