import type { Artifact } from '@taskrunner/client';
import { readBundleFile } from '../packs/read-bundle';

/** The bytes of an artifact in an evidence bundle; null: the bundle does not carry them. Throws `CLI_FILE`, and `BUNDLE_UNREADABLE`. */
export async function carriedArtifact(
  bundle: string,
  { digest }: Pick<Artifact, 'digest'>,
): Promise<Uint8Array | null> {
  const { files, refusal } = await readBundleFile(bundle);
  if (refusal !== null) throw refusal;
  return files.get(`artifacts/${digest.slice('sha256:'.length)}`) ?? null;
}
