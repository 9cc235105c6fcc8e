import { isCodedError, type Fault, type JsonObject } from '@taskrunner/core/foundation';
import {
  embedInnerPacks,
  PackLibraryError,
  packFilesOf,
  planPack,
  publishedUses,
  type PackLibrary,
  type PackSource,
  type ResolvePack,
  type UsesOfPack,
} from '@taskrunner/core/operations';
import { readPack, type PackReference } from '@taskrunner/core/pack';
import type { PolicyEngines } from '@taskrunner/core/policy';
import type { InputRules } from './input-hints';
import type { Context } from '../commands/context';
import { readInputs, type InputFile, type InputOptions } from './input-arguments';
import { offlineSetting, type OfflineOptions } from './offline-setting';
import { libraryOf } from './supplied-registry';
import { loadPack } from './pack-argument';
import { NOBODY } from './pack-in-hand';

type Planned = Extract<ReturnType<typeof planPack>, { kind: 'planned' }>['planned'];

/** A plan, or all faults. */
type OfflinePlanning =
  | {
      readonly kind: 'planned';
      readonly planned: Planned;
      readonly shown: string;
      /** Available policy engines besides CEL. */
      readonly engines: PolicyEngines;
    }
  | {
      readonly kind: 'refused';
      readonly faults: readonly Fault[];
      readonly shown: string;
      /** Declarations of the inputs, for remedies. */
      readonly inputs: InputRules;
    };

/** A local pack has no signers, and its tenant is not known. Bindings are checked only against the pack. */
export const ANY_TENANT = { tenant: null, signers: [] };

/** Loads a pack with its inputs and plans it without a server. */
export async function planOffline(
  argument: string,
  options: OfflineOptions & InputOptions,
  { env, readStdin }: Pick<Context, 'env' | 'readStdin'>,
): Promise<OfflinePlanning> {
  const { source, shown } = await loadWithInner(argument, options, env);
  const inputs = await inputsFor(source, options, readStdin);
  const setting = await offlineSetting(source, options, env);
  const planning = planPack(source, inputs, setting, ANY_TENANT);
  if (planning.kind === 'refused') return { ...planning, shown, inputs: inputRulesOf(source) };
  return { kind: 'planned', planned: planning.planned, shown, engines: setting.configuration.policyEngines ?? {} };
}

/** Loads the pack that an argument names, with the published packs that it uses. All planning commands use it. */
export async function loadWithInner(
  argument: string,
  options: OfflineOptions,
  env: Context['env'],
): Promise<Awaited<ReturnType<typeof loadPack>>> {
  const loaded = await loadPack(argument, publishedIn(options, env));
  return { ...loaded, source: await embeddedOffline(loaded.source, options, env) };
}

/** The published packs come from the registries in the configuration; without one they are not available. */
async function embeddedOffline(source: PackSource, options: OfflineOptions, env: Context['env']): Promise<PackSource> {
  const open = async (): Promise<PackLibrary | null> => {
    try {
      return await libraryOf(options, env);
    } catch (error) {
      if (isCodedError(error)) return null;
      throw error;
    }
  };
  let library: Promise<PackLibrary | null> | null = null;
  const resolve: ResolvePack = async (tenant, reference) => {
    const opened = await (library ??= open());
    if (opened !== null) return opened.resolve(tenant, reference);
    const remediation =
      'Pass a configuration with packsRegistry.registries, or pull the pack into a folder and use its path.';
    throw new PackLibraryError('PACK_NOT_FOUND', 'no registry is configured', remediation);
  };
  const uses: UsesOfPack = async (_tenant, user) => publishedUses(user);
  return (await embedInnerPacks(NOBODY, source, { resolve, uses })).source;
}

/** Fetches published packs from the registries that the configuration names. */
function publishedIn(options: OfflineOptions, env: Context['env']) {
  return async (reference: PackReference): Promise<PackSource> =>
    (await (await libraryOf(options, env)).resolve(NOBODY, reference)).source;
}

/** The given inputs, read according to the pack's declarations. For `onFile` see `readInputs`. A pack that cannot be read declares none. */
async function inputsFor(
  source: PackSource,
  options: InputOptions,
  readStdin: Context['readStdin'],
  onFile?: (file: InputFile) => void,
): Promise<JsonObject> {
  return readInputs(options, inputRulesOf(source), readStdin, onFile);
}

/** Declarations of the inputs of a pack. A pack that cannot be read declares none. */
export function inputRulesOf(source: PackSource): InputRules {
  const reading = readPack(source.manifest, packFilesOf(source.files));
  return reading.kind === 'read' ? reading.pack.spec.inputs : [];
}
