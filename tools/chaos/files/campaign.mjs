// The campaign `files`: the product as one process on a folder.
import { pause } from '../waiting.mjs';
import { startFolderStack } from './folder-stack.mjs';
import { KILLS, Troubles } from './troubles.mjs';

/** Durations of a trouble, milliseconds: short, and long enough to be noticed. */
const TROUBLES_MS = [1_000, 9_000];

/** Everything once for each ten kills; copies with a damaged log take longest. */
function planOf(count, disk) {
  const kills = Array.from({ length: count }, (_, i) => ({ kind: 'kill', how: KILLS[i % KILLS.length] }));
  const each = Math.max(1, Math.round(count / 10));
  const isRoot = process.getuid?.() === 0;
  const others = [
    ...(disk.isMounted ? ['full', 'full at start'] : []),
    'read-only',
    ...(disk.isMounted || !isRoot ? ['read-only at start'] : []),
    'second',
    'tear',
  ];
  return [
    ...kills,
    ...others.flatMap((kind) =>
      Array.from({ length: each }, (_, i) => ({ kind, ms: TROUBLES_MS[(i + 1) % TROUBLES_MS.length] })),
    ),
  ];
}

export const FILES = {
  what: 'one process on a folder: kill -9 of process and server, torn logs, a disk that is full or read-only, a second process',
  count: 40,
  concurrent: 12,
  startStack: startFolderStack,
  prepare({ stack, nemesis, workload, random }) {
    return { troubles: new Troubles({ stack, nemesis, workload, random }) };
  },
  async run({ stack, random, count, every, prepared: { troubles } }) {
    for (const { kind, how, ms } of random.shuffled(planOf(count, stack.disk))) {
      await pause(random.between(...every));
      if (kind === 'kill') await troubles.kill(how);
      else if (kind === 'second') await troubles.second();
      else if (kind === 'tear') await troubles.tear();
      else if (kind.endsWith('at start')) await troubles.refuseStart(kind);
      else await troubles.disturb(kind, ms);
    }
  },
  /** Evidence about storage, for the referee. */
  storage: ({ troubles }) => troubles.evidence,
};
