// What the bench has started, so that Ctrl-C leaves no process and no folder behind.
import { rmSync } from 'node:fs';

const stops = new Set();
const folders = new Set();
const children = new Set();

/** `stop` is called if the bench is interrupted. Returns a function for when it is stopped otherwise. */
export function started(stop) {
  stops.add(stop);
  return () => void stops.delete(stop);
}

/** A folder of the bench, which is deleted if the bench is interrupted. */
export function ownFolder(path) {
  folders.add(path);
  return path;
}

/** A process of the bench, which is ended if the bench is interrupted. */
export function ownChild(child) {
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** The first signal stops everything; the second one ends the bench at once. */
export function cleanUpOnSignals() {
  let stopping = false;
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])
    process.on(signal, () => {
      if (stopping) process.exit(status);
      stopping = true;
      process.stderr.write(`${signal}: stopping what was started\n`);
      void cleanUp().finally(() => process.exit(status));
    });
}

async function cleanUp() {
  const ended = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of children) child.kill('SIGTERM');
  await Promise.allSettled([...ended, ...[...stops].map((stop) => stop())]);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
