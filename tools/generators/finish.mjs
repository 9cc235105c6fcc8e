import { formatFiles, logger } from '@nx/devkit';

/** Formats what was written; afterwards Nx prints where the author goes on. */
export async function finished(tree, next, task = () => {}) {
  await formatFiles(tree);
  return async () => {
    await task();
    logger.info(`Go on:\n${next.map((one) => `- ${one}`).join('\n')}`);
  };
}
