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

/** How many plannings are remembered, and of which packs: those with files or long manifests are planned each time. */
const REMEMBERED = 64;
const MANIFEST_CHARACTERS = 32 * 1024;
const INPUT_CHARACTERS = 16 * 1024;

/**
 * Plans packs under one setting and remembers the last plannings: a pack that is submitted over and over is read once. Planning is
 * pure, so a remembered one is the one that would be made. Each tenant has its own: nobody can tell by the time that an answer
 * takes what others run. Everything rejects as the planner behind it does.
 */
export class PackPlanner {
  private readonly remembered = new Map<string, PackAdmission>();

  constructor(
    readonly setting: PlanningSetting,
    private readonly planner: Planner<PlanningWork>,
  ) {}

  /** `beside`: documents beside the pack in which no sensitive value may stand. */
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
    // What is sensitive is kept no longer than it is needed.
    if (planning.kind === 'refused' || Object.keys(planning.sensitive).length > 0) return planning;
    // The last used stands last.
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

  /** How two plans differ; the text of a JSON object. */
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
    // Inputs that are no JSON: the planner says what is wrong with them.
    return null;
  }
}
