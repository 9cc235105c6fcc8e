import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { allSteps } from '../../pack/check-steps';
import {
  filesBelow,
  innerFolder,
  MAX_PACK_DEPTH,
  parseInnerReference,
  usesPack,
  type InnerReference,
} from '../../pack/inner-pack';
import type { Pack } from '../../pack/model/pack';
import { contentDigest } from '../../pack/pack-digest';
import type { PackFiles } from '../../pack/pack-files';
import { printPackReference } from '../../pack/pack-reference';
import type { PackStep } from '../../pack/model/pack-step';
import { readPack, type PackReading, type ReadPack } from '../../pack/read-pack';
import type { Faults, Origin } from './faults';

/** Maximum total bytes of manifests and of files that become parts of a plan, over all uses: a plan contains each use separately. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A pack during planning: the outermost one, or one that a step uses. Each use is a separate unit. */
export interface PackUnit {
  readonly read: ReadPack;
  /** Its own files. */
  readonly files: PackFiles;
  /** Faults with positions in its manifest. */
  readonly faults: Faults;
  /** Folder of its files among those of the run: `''`, or a folder with a trailing slash. */
  readonly folder: string;
  readonly contentDigest: () => Digest;
  /** Folders of the enclosing packs, outermost first. */
  readonly chain: readonly string[];
}

interface Opened {
  readonly reading: PackReading;
  readonly text: string;
  /** Bytes that each use adds to the plan. */
  readonly bytes: number;
  readonly contentDigest: () => Digest;
}

/** Opens the packs that steps use. Each is read once, however often it is used. */
export class InnerPacks {
  private readonly opened = new Map<string, Opened | null>();
  private readonly refused = new Set<string>();
  private steps: number;
  private bytes = 0;

  /** `files` are those of the run: of the caller's pack, and of the published packs that it uses. */
  constructor(
    private readonly files: PackFiles,
    root: ReadPack,
    private readonly maxSteps: number,
  ) {
    this.steps = allSteps(root.pack).length;
  }

  /** The pack that a step uses; null if it uses none, or if the pack is not available, which is reported as a fault. */
  open(step: PackStep, caller: PackUnit): PackUnit | null {
    if (step.body.kind !== 'run' || !usesPack(step.body.uses)) return null;
    const { uses } = step.body;
    const at = `${step.at}/run/uses`;
    const { faults } = caller;
    const named = parseInnerReference(uses);
    const folder = innerFolder(caller.folder, uses);
    const file = fileOf(named, folder);
    const refuse = (code: Parameters<Faults['add']>[0], message: string): null => {
      faults.add(code, at, message);
      return null;
    };
    if (named.kind === 'invalid') return refuse('PACK_INNER_UNAVAILABLE', `${uses} is not a pack.`);
    const chain = [...caller.chain, caller.folder];
    if (chain.includes(folder)) {
      const circle = [...chain.slice(chain.indexOf(folder)), folder].map((one) => one.replace(/\/$/, '') || '.');
      return refuse('PACK_INNER_CYCLE', `These packs use each other: ${circle.join(' → ')}.`);
    }
    if (chain.length > MAX_PACK_DEPTH)
      return refuse('PACK_INNER_DEPTH', `Packs are nested more than ${MAX_PACK_DEPTH} levels deep.`);
    const found = this.read(folder);
    if (found === null)
      return refuse(
        named.kind === 'path' ? 'PLAN_FILE_MISSING' : 'PACK_INNER_UNAVAILABLE',
        named.kind === 'path' ? `The pack has no file ${file}.` : `The pack ${uses.slice(5)} is not available.`,
      );
    const origin: Origin = { file, usedBy: `the step ${step.id} in ${faults.shownPlace(step.at)}` };
    const { reading, text } = found;
    if (reading.kind === 'refused') {
      // Faults of a manifest are reported once.
      if (this.refused.has(folder)) return null;
      this.refused.add(folder);
      faults.take(reading.faults, origin);
      return null;
    }
    const { name, version } = reading.pack.metadata;
    if (named.kind === 'registry' && (name !== named.reference.name || version !== named.reference.version))
      return refuse('PACK_INNER_UNAVAILABLE', `The pack available as ${uses.slice(5)} is ${name}:${version}.`);
    this.bytes += found.bytes;
    if (this.bytes > MAX_BYTES) {
      if (this.bytes - found.bytes <= MAX_BYTES)
        faults.add('PACK_INNER_TOO_LARGE', at, `The inner packs add more than ${MAX_BYTES} bytes to the plan.`);
      return null;
    }
    const before = this.steps;
    this.steps += allSteps(reading.pack).length;
    if (this.steps > this.maxSteps) {
      if (before <= this.maxSteps)
        faults.add(
          'PLAN_TOO_MANY_STEPS',
          at,
          `With the packs in it the pack has ${this.steps} steps or more; at most ${this.maxSteps} are allowed.`,
        );
      return null;
    }
    return {
      read: reading,
      files: filesBelow(this.files, folder),
      faults: faults.inside(reading.locate, text, origin),
      folder,
      contentDigest: found.contentDigest,
      chain,
    };
  }

  private read(folder: string): Opened | null {
    const known = this.opened.get(folder);
    if (known !== undefined) return known;
    const bytes = this.files.read(`${folder}pack.yaml`);
    const made = bytes === null ? null : opened(bytes, filesBelow(this.files, folder));
    this.opened.set(folder, made);
    return made;
  }
}

function opened(bytes: Uint8Array, files: PackFiles): Opened {
  const reading = readPack(bytes, files);
  let digest: Digest | null = null;
  const text = decoded(bytes);
  if (reading.kind === 'refused') return { reading, text, bytes: 0, contentDigest: () => sha256(bytes) };
  const { pack } = reading;
  const parts = partsOf(pack).map((path) => files.read(path)?.length ?? 0);
  return {
    reading,
    text,
    bytes: bytes.length + parts.reduce((sum, size) => sum + size, 0),
    contentDigest: () => (digest ??= contentDigest(pack, files)),
  };
}

/** Files that become parts of a plan: schemas and policies. */
function partsOf(pack: Pack): readonly string[] {
  const schemas = allSteps(pack).flatMap(({ body }) =>
    body.kind === 'run' ? [body.with['schema'], ...Object.values(body.outputs).map(({ schema }) => schema)] : [],
  );
  const inputs = pack.spec.inputs.map(({ schema }) => schema);
  const policies = pack.spec.policies.map(({ path }) => path);
  return [...schemas, ...inputs, ...policies].filter((path) => typeof path === 'string');
}

function fileOf(named: InnerReference, folder: string): string {
  return named.kind === 'registry' ? `${printPackReference(named.reference)}/pack.yaml` : `${folder}pack.yaml`;
}

/** The text for columns. The reader reports bytes that are not text. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}
