import type { Schemas } from '@taskrunner/client';

/** The request to release blocked evidence. `files`: those to withhold, one in a line; none: the seal is tried again. */
export function releaseBody(files: string, reason: string): Schemas['ReleaseBody'] {
  const paths = [...new Set(files.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()])))];
  return { ...(paths.length === 0 ? {} : { paths }), reason: reason.trim() };
}
