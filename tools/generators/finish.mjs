import { logger } from '@nx/devkit';
import { formatted } from './format.mjs';

/** Formats the written files. Nx then prints the next steps of the author. */
export async function finished(tree, next, task = () => {}) {
  for (const { path, type, content } of tree.listChanges())
    if (type !== 'DELETE') tree.write(path, await formatted(path, content.toString('utf8')));
  return async () => {
    await task();
    logger.info(`Go on:\n${next.map((one) => `- ${one}`).join('\n')}`);
  };
}
