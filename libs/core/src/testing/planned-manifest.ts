import { isJsonArray, isJsonObject, type Json } from '../lib/foundation/json';
import type { Planned } from '../lib/plan/plan-request';
import { plan, shownFault, testConfiguration } from './planning';
import { manifestOf, type Seedling, type Sprout } from './random/random-manifest';

/** A configuration in which random manifests can be planned. */
export const randomConfiguration = {
  ...testConfiguration,
  secrets: { key: { provider: 'files', requireGate: false } },
};

const KINDS: readonly Sprout['kind'][] = ['run', 'group', 'parallel', 'map', 'conditional', 'approval', 'policy'];

/** The kinds of step that this version plans. */
export function plannableKinds(): readonly Sprout['kind'][] {
  const loop: Seedling = {
    choices: [1],
    steps: [{ kind: 'loop', choices: [1], children: [{ kind: 'run', choices: [1], children: [] }] }],
  };
  const planning = plan(JSON.stringify(manifestOf(loop, false)), {}, { configuration: randomConfiguration });
  return planning.kind === 'planned' ? [...KINDS, 'loop'] : KINDS;
}

/** Plans a random manifest; where its steps read what gates have not reviewed, they read nothing. `secrets` false: nothing asks for any. Throws an `Error` with all faults else. */
export function plannedOf(
  seedling: Seedling,
  secrets = true,
): { readonly made: Planned; readonly reads: boolean; readonly text: string } {
  const faults: string[] = [];
  for (const reads of [true, false]) {
    const manifest = manifestOf(seedling, reads);
    const text = JSON.stringify(secrets ? manifest : withoutSecrets(manifest));
    const planning = plan(text, {}, { configuration: randomConfiguration });
    if (planning.kind === 'planned') return { made: planning, reads, text };
    faults.push(...planning.faults.map(shownFault));
  }
  throw new Error(`${faults.join('\n')}\n${JSON.stringify(manifestOf(seedling, false), null, 1)}`);
}

/** The same manifest for worlds that hold no secrets. */
function withoutSecrets(value: Json): Json {
  if (isJsonArray(value)) return value.map(withoutSecrets);
  if (!isJsonObject(value)) return value;
  const { secrets: _, ...others } = value;
  return Object.fromEntries(Object.entries(others).map(([name, one]) => [name, withoutSecrets(one)]));
}
