import { digestOf } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';

/** Number of items, and the digest of the sorted list of their names. */
export type CarriedList = { readonly count: number; readonly digest: Digest };

/**
 * The items that a bundle carries and that its documents name only by digest. The statement records them, so that the holder of the bundle
 * key cannot drop any of them (docs/guides/evidence-and-verification.md, Contents of a bundle).
 */
export type Carried = {
  /** Values that stand beside journal pages, as `<first entry of the page> <digest>`. */
  readonly values: CarriedList;
  /** Artifacts by digest, including withheld ones. */
  readonly artifacts: CarriedList;
  /** Documents of sandbox probes, by digest. */
  readonly probes: CarriedList;
};

/** The items that this evidence carries: values of its pages, artifacts and probes. */
export function carriedOf({
  pages,
  artifacts,
  probes,
}: {
  readonly pages: readonly { readonly first: number; readonly values: { readonly [digest: Digest]: unknown } }[];
  readonly artifacts: ReadonlyMap<Digest, unknown>;
  readonly probes: ReadonlyMap<Digest, unknown>;
}): Carried {
  return {
    artifacts: listOf([...artifacts.keys()]),
    probes: listOf([...probes.keys()]),
    values: listOf(pages.flatMap(({ first, values }) => Object.keys(values).map((digest) => `${first} ${digest}`))),
  };
}

function listOf(names: readonly string[]): CarriedList {
  return { count: names.length, digest: digestOf([...names].sort()) };
}
