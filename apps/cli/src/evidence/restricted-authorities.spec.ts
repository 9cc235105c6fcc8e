import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../../..');

/** Sources that know the development Authority alone: `taskrunner dev` prints how to verify its own evidence. */
const OF_DEVELOPMENT = ['apps/cli/src/commands/dev.command.ts'];

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) && !/spec\.ts$/.test(entry.name) ? [path] : [];
  });
}

const FOLDERS = ['libs/core/src/lib', 'libs/client/src', 'libs/infrastructure/src', 'apps/cli/src', 'apps/console/src'];

it('every place that can accept evidence of a development stack can accept evidence of a local Authority', () => {
  const all = [...FOLDERS, 'apps/worker/src', 'apps/webservice/src'].flatMap(sources);
  const naming = (words: RegExp) => all.filter((path) => words.test(readFileSync(join(ROOT, path), 'utf8')));
  const isTest = (path: string) => path.includes('/testing/');
  const development = naming(/allowDev|allow-dev/).filter((path) => !OF_DEVELOPMENT.includes(path) && !isTest(path));
  const local = naming(/allowLocal|allow-local/);
  expect(development.length).toBeGreaterThanOrEqual(10);
  expect(development.filter((path) => !local.includes(path))).toEqual([]);
});
