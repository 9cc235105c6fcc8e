// Reads a scanner's report and writes how many findings are critical, and which.
import { readFileSync, writeFileSync } from 'node:fs';

const report = JSON.parse(readFileSync('in/report.json', 'utf8'));
const ids = report.findings
  .filter(({ severity }) => severity === 'critical')
  .map(({ id }) => id)
  .sort();
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify({ critical: ids.length, ids: ids.slice(0, 100) }));
