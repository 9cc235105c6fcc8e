// compare.mjs ROWS MINIMUM: fails for good (78) where too little came back.
import { writeFileSync } from 'node:fs';

const [rows, minimum] = process.argv.slice(2).map(Number);
if (!(rows >= minimum)) {
  console.error(`${rows} rows were restored, at least ${minimum} are expected`);
  process.exit(78);
}
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify({ rows }));
