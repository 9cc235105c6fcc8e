import { readDocument } from '@taskrunner/core/document';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { packFilesOf, type LibraryPack } from '@taskrunner/core/operations';
import type { PackArtifact } from '@taskrunner/core/ports';
import type { PackTrust } from '@taskrunner/core/publisher';
import type { PublicUrl } from '../public-url';

/** A published pack in a list. It does not disclose other tenants to which the pack is visible. */
export function toPublishedPack({ registry, digest, facts }: PackArtifact, url: PublicUrl): JsonObject {
  const { name, version, contentDigest, description, tenantVisibility } = facts;
  return {
    name,
    version,
    digest,
    contentDigest,
    description,
    registry,
    visibility: typeof tenantVisibility === 'string' ? tenantVisibility : 'listed',
    links: { self: url.pack(name, version) },
  };
}

/** A published pack with what a caller needs to know before running it. */
export function toPackDetail(found: LibraryPack, trust: PackTrust, url: PublicUrl): JsonObject {
  const { metadata, spec } = found.pack;
  return {
    ...toPublishedPack(found.artifact, url),
    sourceDigest: found.artifact.archive.digest,
    tags: [...metadata.tags],
    maintainers: metadata.maintainers.map(({ name, email }) => ({ name, email })),
    license: metadata.license,
    inputs: spec.inputs.map(({ schema, enum: values, ...input }) => ({
      ...input,
      enum: values === null ? null : [...values],
      schema: typeof schema === 'string' ? schemaIn(found, schema) : schema,
    })),
    secrets: spec.secrets.map(({ name, description, required }) => ({ name, description, required })),
    approvals: spec.approvals.map(({ id, grants, minApprovals }) => ({ id, grants: [...grants], minApprovals })),
    signers: [...trust.signers],
    runnable: trust.refusal === null,
    refusal: trust.refusal && { ...trust.refusal },
  };
}

/** The JSON Schema in a file of the pack. */
function schemaIn({ source }: LibraryPack, path: string): Json {
  const bytes = packFilesOf(source.files).read(path.replace(/^\.\//, ''));
  const document = bytes && readDocument(bytes);
  return document?.kind === 'read' ? document.value : null;
}
