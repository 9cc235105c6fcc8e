import { createHash } from 'node:crypto';
import {
  CONTENT_MANIFEST,
  contentDifference,
  openContentManifest,
  verifySignature,
  type ContentManifest,
  type VerificationKey,
} from '@taskrunner/core/evidence';
import {
  isCodedError,
  isDigest,
  isJsonArray,
  isJsonObject,
  type Digest,
  type Json,
  type JsonObject,
} from '@taskrunner/core/foundation';
import { abortable } from '@taskrunner/core/operations';
import {
  Executor,
  isStoreOutage,
  type ExecutionReport,
  type ExecutionRequest,
  type ObjectStore,
  type Outcome,
} from '@taskrunner/core/ports';
import type { DeclaredOutputs } from './step/declared-outputs';
import { refusal } from './step/executor-error';
import { failed, refused } from './step/outcome';
import { artifactBytesOf } from './step/run-sizes';
import { keepArtifacts, storeArtifact, type ArtifactReport } from './step/stored-artifact';

const MAX_MANIFEST_BYTES = 16 * 1024 ** 2;

/** A file of an archive, as read from it. */
interface ArchiveEntry {
  readonly path: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Publishers' keys that may sign bundles, by the id that packs name. */
interface BundleRoot {
  readonly keys: readonly VerificationKey[];
  /** `*` = every tenant. */
  readonly tenants: readonly string[];
}

export interface BundleIngestOptions {
  readonly objects: ObjectStore;
  readonly declared: DeclaredOutputs;
  readonly roots: ReadonlyMap<string, BundleRoot>;
  /** The files of an archive, one after the other. Refuses entries that may not be unpacked. */
  entries(source: AsyncIterable<Uint8Array>): AsyncIterable<ArchiveEntry>;
  /** Maximum size of an entry, bytes. */
  readonly maxEntryBytes: number;
}

/**
 * `builtin:bundle.ingest`: an archive whose signed manifest lists every file of it. The first pass checks everything and stores nothing.
 * Only if all checks hold, a second pass stores each entry and reports it as an artifact.
 */
export class BundleIngestExecutor extends Executor {
  constructor(private readonly options: BundleIngestOptions) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    try {
      const { digest } = bundleOf(request.with['bundle']);
      const expected = request.with['expect'];
      const expect: JsonObject = isJsonObject(expected ?? null) ? (expected as JsonObject) : {};
      if (expect['digest'] !== undefined && expect['digest'] !== digest)
        throw refusal('BUNDLE_EXPECTATION', `the bundle is ${digest}, not ${JSON.stringify(expect['digest'])}`);
      const keys = this.keysFor(request);
      const manifest = await this.checked(request, digest, keys);
      for (const name of ['name', 'version'] as const)
        if (expect[name] !== undefined && expect[name] !== manifest[name])
          throw refusal('BUNDLE_EXPECTATION', `its ${name} is ${JSON.stringify(manifest[name])}`);
      const kept = keepArtifacts(request, unlessStopped(request, report), (held) =>
        this.store(request, digest, manifest, held),
      );
      await abortable(kept, request.signal);
      const entries = manifest.entries.map(({ path, size, sha256, mediaType }) => {
        return { name: path, path, digest: sha256, size, mediaType };
      });
      return await this.options.declared.accept(request, {
        digest,
        manifest: { name: manifest.name, version: manifest.version },
        entries,
      });
    } catch (error) {
      if (request.signal.aborted) return { kind: 'stopped', unknown: false };
      if (isStoreOutage(error) && isCodedError(error)) return failed(error.code, error.message, true);
      return refused(error);
    }
  }

  private keysFor({ run, with: parameters }: ExecutionRequest): readonly VerificationKey[] {
    const ids = parameters['trust'] ?? null;
    if (!isJsonArray(ids) || ids.length === 0)
      throw refusal('WITH_INVALID', 'with.trust must be a list of ids of configured roots');
    return ids.flatMap((id) => {
      const root = typeof id === 'string' ? this.options.roots.get(id) : undefined;
      if (root === undefined || !(root.tenants.includes('*') || root.tenants.includes(run.tenant)))
        throw refusal(
          'BUNDLE_TRUST_UNKNOWN',
          `the bundle root ${JSON.stringify(id)} is not configured for this tenant`,
        );
      return root.keys;
    });
  }

  /** Checks everything without storing anything. */
  private async checked(
    { run, signal, storage }: ExecutionRequest,
    bundle: Digest,
    keys: readonly VerificationKey[],
  ): Promise<ContentManifest> {
    const found = new Map<string, { size: number; digest: Digest }>();
    let envelope: Uint8Array | null = null;
    const archive = await storage.read(() => this.options.objects.open(run.tenant, bundle));
    for await (const { path, size, content } of this.options.entries(archive)) {
      signal.throwIfAborted();
      if (path === CONTENT_MANIFEST) {
        if (size > MAX_MANIFEST_BYTES)
          throw refusal('BUNDLE_MANIFEST_INVALID', `${path} has more than ${MAX_MANIFEST_BYTES} bytes`);
        const parts: Uint8Array[] = [];
        for await (const part of content) parts.push(part);
        envelope = Buffer.concat(parts);
        continue;
      }
      const hash = createHash('sha256');
      for await (const part of content) hash.update(part);
      found.set(path, { size, digest: `sha256:${hash.digest('hex')}` as Digest });
    }
    if (envelope === null) throw refusal('BUNDLE_UNSIGNED', `the bundle has no ${CONTENT_MANIFEST}`);
    const manifest = opened(envelope, keys);
    const difference = contentDifference(manifest, found);
    if (difference !== null)
      throw refusal(difference.code, `${JSON.stringify(difference.path)} does not match the signed manifest`);
    return manifest;
  }

  private async store(
    request: ExecutionRequest,
    bundle: Digest,
    manifest: ContentManifest,
    report: ArtifactReport,
  ): Promise<void> {
    const { run, signal } = request;
    const listed = new Map(manifest.entries.map((entry) => [entry.path, entry]));
    const { objects } = this.options;
    const maxEntryBytes = artifactBytesOf(run, this.options.maxEntryBytes);
    for await (const { path, content } of this.options.entries(await objects.open(run.tenant, bundle))) {
      signal.throwIfAborted();
      const entry = listed.get(path);
      if (entry === undefined) continue;
      const { sha256: expected, mediaType } = entry;
      const artifact = { name: path, path, mediaType, content, expected };
      await storeArtifact(request, objects, artifact, maxEntryBytes, report);
    }
  }
}

/** A stopped execution reports nothing more, whatever is still in progress. */
function unlessStopped({ signal }: ExecutionRequest, report: ExecutionReport): ArtifactReport {
  return {
    fact: (fact) => void (signal.aborted || report.fact(fact)),
    line: async (level, text) => void (signal.aborted || (await report.line(level, text))),
  };
}

function bundleOf(value: Json | undefined): { readonly digest: Digest } {
  const digest = isJsonObject(value ?? null) ? (value as JsonObject)['digest'] : undefined;
  if (isDigest(digest)) return { digest };
  throw refusal('WITH_INVALID', 'with.bundle must be an artifact or a file input');
}

function opened(envelope: Uint8Array, keys: readonly VerificationKey[]): ContentManifest {
  try {
    return openContentManifest(envelope, { keys, verifySignature });
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const isSignature = error.code === 'ENVELOPE_UNTRUSTED' || error.code === 'ENVELOPE_SIGNATURES';
    throw refusal(isSignature ? 'BUNDLE_SIGNATURE_INVALID' : 'BUNDLE_MANIFEST_INVALID', error.message, {
      cause: error,
    });
  }
}
