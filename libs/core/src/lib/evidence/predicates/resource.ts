import { extended } from '../../foundation/extended';
import type { Digest } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';

/** in-toto ResourceDescriptor v1 (in-toto/attestation, spec/v1). */
export type Resource = {
  readonly name: string;
  readonly uri?: string;
  readonly digest: { readonly sha256: string };
  readonly mediaType?: string;
  readonly annotations?: JsonObject;
};

/** A resource without a location of its own. */
export function resource(name: string, digest: Digest, more: Omit<Resource, 'name' | 'digest'> = {}): Resource {
  const { annotations, mediaType, uri } = more;
  // In RFC 8785 order, so that the statement can be written without sorting.
  const made: { -readonly [Member in keyof Resource]?: Resource[Member] } = {};
  if (annotations !== undefined) made.annotations = annotations;
  made.digest = { sha256: digest.slice(7) };
  if (mediaType !== undefined) made.mediaType = mediaType;
  made.name = name;
  if (uri !== undefined) made.uri = uri;
  return made as Resource;
}

/** A file of the evidence bundle: its name is its path there, its digest is over its bytes. */
export function bundledFile(path: string, digest: Digest, annotations: JsonObject = {}): Resource {
  return resource(path, digest, { annotations: extended(annotations, { path }) });
}

/** The package URL of a pack (purl specification, type `generic`). */
export function packUri(name: string, version: string): string {
  return `pkg:generic/${name.split('/').map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`;
}

/** The package URL of a container image (purl specification, type `oci`). `reference` may end in a tag or a digest. */
export function imageUri(reference: string, digest: Digest): string {
  const repository = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const last = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase();
  const url = encodeURIComponent(repository).replaceAll('%2F', '/').replaceAll('%3A', ':');
  return `pkg:oci/${encodeURIComponent(last)}@${encodeURIComponent(digest)}?repository_url=${url}`;
}

/** The `file` URI of an absolute path (RFC 8089). */
export function fileUri(path: string): string {
  return `file://${path.split('/').map(encodeURIComponent).join('/')}`;
}
