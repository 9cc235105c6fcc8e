import type { PackInHand } from '../packs/pack-in-hand';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { isJson } from './options';

/** Facts that every pack command prints. */
export function factsOf({ pack, contentDigest, archiveDigest }: PackInHand) {
  const { name, version } = pack.metadata;
  return { name, version, contentDigest, archiveDigest };
}

/** Base name of files about it. */
export function stemOf({ pack }: PackInHand): string {
  return `${pack.metadata.name}-${pack.metadata.version}`;
}

/** Prints facts as JSON or as one line each. */
export function show(context: Context, options: { readonly output: string }, facts: object): void {
  if (isJson(options)) context.terminal.print(JSON.stringify(facts));
  else
    for (const [name, value] of Object.entries(facts)) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      context.terminal.print(safeLine(`${name.padEnd(14)} ${text}`));
    }
}
