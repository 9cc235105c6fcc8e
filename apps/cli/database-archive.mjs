// A step of the build: the database that the first `taskrunner run` on a machine begins with, below `dist/database` (docs/adr/0100).
// Without it the first run makes one, which takes longer.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { packTemplate } = createRequire(import.meta.url)('@taskrunner/infrastructure/file-storage');

try {
  await packTemplate(join(import.meta.dirname, 'dist/database'));
} catch (error) {
  // A machine that starts no server can build the command line.
  console.warn(`note: no database is packed with the command line: ${error.message}`);
}
