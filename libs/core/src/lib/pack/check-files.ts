import { pointerTo } from '../document/json-pointer';
import type { Json } from '../foundation/json';
import { allSteps } from './check-steps';
import type { Pack } from './model/pack';
import { type PackFiles, packedPaths } from './pack-files';
import { parsePackPath } from './model/pack-path';
import type { PackStep } from './model/pack-step';
import type { Reading } from './reading/reading';
import { shown } from './shapes/shape';

/** References to pack files: each must be a valid path, and the file must exist. Expressions are left to the planner. */
export function checkFiles(pack: Pack, files: PackFiles, reading: Reading): void {
  const paths = packedPaths(files);
  const present = new Set(paths);
  const folded = new Map<string, string>();
  for (const path of paths) {
    const one = path.normalize('NFC').toLowerCase();
    const other = folded.get(one);
    if (other !== undefined)
      reading.fault('PACK_PATH', '', `${shown(path)} and ${shown(other)} are the same file on some file systems.`);
    else if (/\p{Cc}/u.test(path)) reading.fault('PACK_PATH', '', `${shown(path)} contains a control character.`);
    folded.set(one, path);
  }
  const mustExist = (
    written: Json | undefined,
    at: string,
    accepts: (path: string) => boolean = (path) => present.has(path),
  ) => {
    if (typeof written !== 'string' || written === '' || written.includes('{{')) return;
    const path = parsePackPath(written);
    if (path === null) return reading.fault('PACK_PATH', at, `${shown(written)} is not a path in the pack.`);
    if (accepts(path)) return;
    const near = reading.guess(path, paths);
    const note = near === null ? {} : { remediation: `Did you mean ${shown(near)}?` };
    reading.fault('PACK_FILE_MISSING', at, `The pack has no file ${shown(path)}.`, note);
  };
  pack.spec.inputs.forEach(({ schema }, index) => mustExist(schema, `/spec/inputs/${index}/schema`));
  pack.spec.policies.forEach(({ path }, index) => mustExist(path, `/spec/policies/${index}/path`));
  for (const step of allSteps(pack)) checkStep(step, mustExist, present);
}

type MustExist = (written: Json | undefined, at: string, accepts?: (path: string) => boolean) => void;

function checkStep({ at, body }: PackStep, mustExist: MustExist, present: ReadonlySet<string>): void {
  if (body.kind !== 'run') return;
  if (body.uses === 'builtin:script') mustExist(body.with['path'], `${at}/run/with/path`);
  if (body.uses === 'builtin:validate-schema') mustExist(body.with['schema'], `${at}/run/with/schema`);
  for (const [name, output] of Object.entries(body.outputs))
    mustExist(output.schema, pointerTo(`${at}/run/outputs`, name) + '/schema');
  for (const [name, source] of Object.entries(body.files))
    if (typeof source === 'string' && source.startsWith('pack:'))
      mustExist(source.slice(5), pointerTo(`${at}/run/files`, name));
  if (isInnerPath(body.uses))
    mustExist(body.uses.slice(5), `${at}/run/uses`, (path) => {
      const folder = path.replace(/\/$/, '');
      return present.has(path) || present.has(`${folder}/pack.yaml`);
    });
}

/** True if `uses` names a pack inside this one (`pack:./packs/rollback`), not one of a registry (`pack:<name>:<version>`). */
export function isInnerPath(uses: string): boolean {
  return uses.startsWith('pack:') && !/^pack:[a-z0-9-]+:[0-9]/.test(uses);
}
