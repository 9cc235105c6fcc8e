import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { PackReference } from '../../pack/pack-reference';
import { Planner } from '../../ports/packs/planner';
import type { PolicyEngines } from '../../policy/policy';
import { admitPack, type PackAdmission } from '../packs/admissible-pack';
import { describePack, type DescribedPack } from '../packs/describe-pack';
import { unpackInputs } from './supplied-inputs';
import type { PackAsker, PackSource, PlanningSetting } from '../packs/pack-source';
import { KnownPacks } from '../packs/known-packs';
import { publishedUses } from '../packs/published-uses';
import { comparisonText, drawingText, type PlanPair, type PlanToDraw } from './plan-comparison';
import { replan, type AdmittedPack } from './replan-run';
import { runScenarios, scenarioReportJson, type ScenarioFile } from './run-scenario';
import type { SealedDocument } from '../packs/sensitive-in-pack';
import { simulatePack, type PackSimulation } from './simulate-pack';
import { simulationText } from './simulation-text';
import { storedContents, type PackContents, type StoredPack } from '../packs/stored-contents';

/** A pack with the context for planning it. */
export interface SuppliedPack {
  readonly source: PackSource;
  readonly inputs: JsonObject;
  /** Further inputs, as the text of a JSON object. Large inputs are parsed only here. */
  readonly inputsText?: string | null;
  readonly asker: PackAsker;
  /** Documents beside the pack in which no sensitive value may occur. */
  readonly beside?: readonly SealedDocument[];
}

/** A pack and the files of its scenarios. Only scenarios whose name or file contains `filter` run. */
interface SuppliedScenarios extends Pick<SuppliedPack, 'source' | 'asker'> {
  readonly files: readonly ScenarioFile[];
  readonly filter: string;
}

/** The simulation of a pack as shown to callers, as the text of a JSON object, or all faults. */
export type SimulationAnswer =
  | { readonly kind: 'simulated'; readonly text: string }
  | Extract<PackSimulation, { kind: 'refused' }>;

/** The tasks of a planner. A new task needs a line here and below. */
export interface PlanningWork {
  readonly describe: { readonly asked: PackSource; readonly answer: DescribedPack };
  /** Published packs that a pack names. */
  readonly uses: { readonly asked: PackSource; readonly answer: readonly PackReference[] };
  readonly plan: { readonly asked: SuppliedPack; readonly answer: PackAdmission };
  /** `script` is JSON text. */
  readonly simulate: { readonly asked: SuppliedPack & { readonly script: string }; readonly answer: SimulationAnswer };
  /** The answer is a scenario report, as the text of a JSON object. */
  readonly scenarios: { readonly asked: SuppliedScenarios; readonly answer: string };
  readonly compare: { readonly asked: PlanPair; readonly answer: string };
  readonly draw: { readonly asked: PlanToDraw; readonly answer: string };
  readonly replan: { readonly asked: AdmittedPack; readonly answer: Digest | null };
  readonly contents: { readonly asked: StoredPack; readonly answer: PackContents };
}

/** Context of all tasks. */
export interface PlanningContext {
  /** Null if only admitted packs are planned again. */
  readonly setting: PlanningSetting | null;
  readonly policyEngines: PolicyEngines;
}

/** The functions of the tasks. Pure. */
type PlanningDependencies = {
  readonly [Kind in keyof PlanningWork]: (asked: PlanningWork[Kind]['asked']) => PlanningWork[Kind]['answer'];
};

/** The functions of the tasks in one context. */
export function planningDependencies({ setting, policyEngines }: PlanningContext): PlanningDependencies {
  const packs = new KnownPacks();
  const here = (): PlanningSetting => {
    if (setting === null) throw new TypeError('nothing is admitted here');
    return { ...setting, configuration: { ...setting.configuration, policyEngines }, packs };
  };
  return {
    describe: describePack,
    uses: publishedUses,
    plan: (supplied) => admitPack(supplied.source, inputsOf(supplied), here(), supplied.asker, supplied.beside),
    simulate: ({ script, ...supplied }) => {
      const simulation = simulatePack(
        supplied.source,
        inputsOf(supplied),
        JSON.parse(script) as Json,
        here(),
        supplied.asker,
      );
      return simulation.kind === 'refused' ? simulation : { kind: 'simulated', text: simulationText(simulation) };
    },
    scenarios: ({ source, files, filter, asker }) =>
      JSON.stringify(scenarioReportJson(runScenarios(source, files, here(), { filter, asker }))),
    compare: comparisonText,
    draw: drawingText,
    replan: (admitted) => replan(admitted, policyEngines, packs),
    contents: storedContents,
  };
}

function inputsOf({ inputs, inputsText = null }: SuppliedPack): JsonObject {
  return unpackInputs({ values: inputs, text: inputsText });
}

/** The planning context of an installation. */
export function planningContextOf(setting: PlanningSetting): PlanningContext {
  return { setting, policyEngines: setting.configuration.policyEngines ?? {} };
}

/** Runs tasks in the calling thread, without limits: for packs of the person who runs this process. */
export class PlannerHere extends Planner<PlanningWork> {
  private readonly dependencies: PlanningDependencies;

  constructor(context: PlanningContext) {
    super();
    this.dependencies = planningDependencies(context);
  }

  override async ask<Kind extends keyof PlanningWork>(
    _tenant: string,
    kind: Kind,
    asked: PlanningWork[Kind]['asked'],
  ): Promise<PlanningWork[Kind]['answer']> {
    return workOf(this.dependencies, kind, asked);
  }
}

/** Runs one task. */
export function workOf<Kind extends keyof PlanningWork>(
  dependencies: PlanningDependencies,
  kind: Kind,
  asked: PlanningWork[Kind]['asked'],
): PlanningWork[Kind]['answer'] {
  return dependencies[kind](asked);
}
