import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import type { TenantId } from '../../foundation/ids';
import type { PackReference } from '../../pack/pack-reference';
import type { Planner } from '../../ports/packs/planner';
import type { PackAdmission } from '../packs/admissible-pack';
import type { DescribedPack } from '../packs/describe-pack';
import { toSentInputs, type SuppliedInputs } from './supplied-inputs';
import type { PackSource, PlanningSetting } from '../packs/pack-source';
import type { PlanPair, PlanToDraw } from './plan-comparison';
import type { SuppliedPack, PlanningWork, SimulationAnswer } from './planning-work';
import type { ScenarioFile } from './run-scenario';
import type { SealedDocument } from '../packs/sensitive-in-pack';
import type { PackContents, StoredPack } from '../packs/stored-contents';

/** Limits of the cache. Packs with files or long manifests are planned each time. */
const REMEMBERED = 64;
const MANIFEST_CHARACTERS = 32 * 1024;
const INPUT_CHARACTERS = 16 * 1024;

/**
 * Plans packs in one context and caches the last results, so that a pack that is submitted repeatedly is read once. Planning is pure, so a
 * cached result equals a new one. Each tenant has its own cache, so that response times do not reveal what others run. All methods reject
 * like the underlying planner.
 */
export class PackPlanner {
  private readonly remembered = new Map<string, PackAdmission>();

  constructor(
    readonly setting: PlanningSetting,
    private readonly planner: Planner<PlanningWork>,
  ) {}

  /** `beside`: documents beside the pack in which no sensitive value may occur. */
  async plan(
    tenant: TenantId,
    source: PackSource,
    inputs: SuppliedInputs,
    signers: readonly string[] = [],
    beside: readonly SealedDocument[] = [],
  ): Promise<PackAdmission> {
    const key = keyOf(tenant, source, inputs, signers);
    const ask = () => this.planner.ask(tenant, 'plan', { source, ...sent(inputs), asker: { tenant, signers }, beside });
    if (key === null) return ask();
    const planning = this.remembered.get(key) ?? (await ask());
    // Sensitive values are kept no longer than needed.
    if (planning.kind === 'refused' || Object.keys(planning.sensitive).length > 0) return planning;
    // The most recently used result is last.
    this.remembered.delete(key);
    this.remembered.set(key, planning);
    if (this.remembered.size > REMEMBERED) this.remembered.delete(this.remembered.keys().next().value as string);
    return planning;
  }

  /** `script`: JSON text. */
  async simulate(
    tenant: TenantId,
    source: PackSource,
    inputs: SuppliedInputs,
    script: string,
    signers: readonly string[] = [],
  ): Promise<SimulationAnswer> {
    return this.planner.ask(tenant, 'simulate', { source, ...sent(inputs), script, asker: { tenant, signers } });
  }

  /** Runs scenarios of a pack; the text of a JSON object. */
  async scenarios(
    tenant: TenantId,
    source: PackSource,
    files: readonly ScenarioFile[],
    filter: string,
    signers: readonly string[] = [],
  ): Promise<string> {
    return this.planner.ask(tenant, 'scenarios', { source, files, filter, asker: { tenant, signers } });
  }

  /** The difference between two plans; the text of a JSON object. */
  async compare(tenant: TenantId, pair: PlanPair): Promise<string> {
    return this.planner.ask(tenant, 'compare', pair);
  }

  /** A plan's graph or drawing; the text of a JSON object. */
  async draw(tenant: TenantId, plan: PlanToDraw): Promise<string> {
    return this.planner.ask(tenant, 'draw', plan);
  }

  /** Content digests of a stored pack, and of the published packs among its files. */
  async contents(tenant: TenantId, pack: StoredPack): Promise<PackContents> {
    return this.planner.ask(tenant, 'contents', pack);
  }

  async describe(tenant: TenantId, source: PackSource): Promise<DescribedPack> {
    return this.planner.ask(tenant, 'describe', source);
  }

  /** The published packs that a pack and the packs in its folders name. */
  async uses(tenant: TenantId, source: PackSource): Promise<readonly PackReference[]> {
    return this.planner.ask(tenant, 'uses', source);
  }
}

function sent(supplied: SuppliedInputs): Pick<SuppliedPack, 'inputs' | 'inputsText'> {
  const { values, text } = toSentInputs(supplied);
  return { inputs: values, inputsText: text };
}

function keyOf(
  tenant: TenantId,
  { manifest, hasLines, files }: PackSource,
  inputs: SuppliedInputs,
  signers: readonly string[],
): string | null {
  if (files.length > 0 || manifest.length > MANIFEST_CHARACTERS) return null;
  const { values, text: more } = toSentInputs(inputs);
  if (more !== null) return null;
  try {
    const text = canonical(values);
    return text.length > INPUT_CHARACTERS
      ? null
      : `${tenant} ${hasLines} ${sha256(manifest)} ${sha256(text)} ${signers.join(' ')}`;
  } catch {
    // Inputs that are not JSON. The planner reports the fault.
    return null;
  }
}
