import { basename } from 'node:path';
import type { WorkingPaper } from '@taskrunner/core/evidence';
import { digestOfFile, type EvidenceOptions } from './evidence-options';

/** The single-file verifier, which its digest identifies. */
const SINGLE = 'taskrunner-verify';

/** How this bundle is verified, for the report. Throws `CLI_FILE`. */
export async function workingPaper(
  { name, version }: { readonly name: string; readonly version: string },
  options: EvidenceOptions & { readonly trust?: string },
): Promise<WorkingPaper> {
  const { trust, expect = [], original, checkpoints, audit, allowDev, allowLocal } = options;
  const file = name === SINGLE ? process.argv[1] : undefined;
  const files = Object.entries({ original, checkpoints, audit });
  return {
    verifier: { name, version, sha256: file === undefined ? null : await digestOfFile(file) },
    at: new Date().toISOString(),
    trust: trust === undefined ? null : { name: basename(trust), sha256: await digestOfFile(trust) },
    options: [
      ...files.flatMap(([option, path]) => (path === undefined ? [] : [`--${option} ${path}`])),
      ...(allowDev ? ['--allow-dev'] : []),
      ...(allowLocal ? ['--allow-local'] : []),
    ],
    expected: expect,
  };
}
