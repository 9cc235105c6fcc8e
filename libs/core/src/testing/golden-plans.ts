import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonical } from '../lib/canonical/canonical';
import type { Json, JsonObject } from '../lib/foundation/json';
import type { Planned } from '../lib/plan/plan-request';
import { fullConfiguration, fullEnvironment } from './full-manifest';
import { packFiles, plan, shownFault } from './planning';

// Golden plans: `x.yaml` (or `x.json`) with `x.inputs.json` and files below `x/`, and what they gave when the hash version was
// made: `x.plan.json`, which holds plan, hash and receipt. `y.same-as-x.yaml` is another spelling of x: it gives what x gives.

/** Where the golden plans lie. */
export const GOLDEN = join(__dirname, '../lib/planner/golden');

/** One manifest of the folder. */
export interface Golden {
  readonly file: string;
  /** The name of the plan that it must give. */
  readonly name: string;
  readonly planned: Planned;
}

/** All manifests of the folder, planned. Throws an `Error` with all faults of one that cannot be. */
export function goldenPlans(folder = GOLDEN): readonly Golden[] {
  const names = readdirSync(folder).sort();
  const manifests = names.filter((name) => /^[a-z0-9-]+(\.same-as-[a-z0-9-]+)?\.(yaml|json)$/.test(name));
  return manifests.map((file) => {
    const name = /\.same-as-([a-z0-9-]+)\./.exec(file)?.[1] ?? file.replace(/\.(yaml|json)$/, '');
    const inputs = names.includes(`${name}.inputs.json`)
      ? (JSON.parse(readFileSync(join(folder, `${name}.inputs.json`), 'utf8')) as JsonObject)
      : {};
    const below = names.includes(name) ? readdirSync(join(folder, name)).sort() : [];
    const files = packFiles(
      Object.fromEntries(below.map((one) => [one, readFileSync(join(folder, name, one), 'utf8')])),
    );
    const planning = plan(readFileSync(join(folder, file), 'utf8'), inputs, {
      files,
      environment: fullEnvironment,
      configuration: fullConfiguration,
    });
    if (planning.kind === 'refused') throw new Error(`${file}\n${planning.faults.map(shownFault).join('\n')}`);
    return { file, name, planned: planning };
  });
}

/** What is committed of a plan, as text: keys in the order of RFC 8785, laid out for people. */
export function goldenText({ planHash, receipt, plan: made }: Planned): string {
  const text = canonical({ planHash, receipt, plan: made } as unknown as Json);
  return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
}
