import { isDigest, type Digest } from '../../foundation/ids';

/** A container image by the digest of its manifest for one platform. */
interface PinnedImage {
  /** Registry and repository, without tag. */
  readonly name: string;
  readonly digest: Digest;
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?/)';
const NAME = new RegExp(`^${HOST}?${COMPONENT}(?:/${COMPONENT})*$`);
const MAX_NAME = 255;

/** Reads `name@sha256:…`; null for anything else, including a tag. Names follow the OCI distribution specification. */
export function parseImage(text: string): PinnedImage | null {
  const at = text.indexOf('@');
  const name = text.slice(0, Math.max(at, 0));
  const digest = text.slice(at + 1);
  return name.length <= MAX_NAME && NAME.test(name) && isDigest(digest) ? { name, digest } : null;
}
