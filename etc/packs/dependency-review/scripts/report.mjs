// The report for people (Markdown) and for programs (JSON).
import { readFileSync, writeFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(`in/${name}`, 'utf8'));
const [bomDigest] = process.argv.slice(2);
const { list, ...counts } = read('findings.json');
const decisions = read('decisions.json').map(({ decision, person, record }) => ({ decision, person, record }));
const { TASKRUNNER_RUN_ID: run, TASKRUNNER_PLAN_HASH: planHash } = process.env;

const cell = (text) => text.replace(/[|\\`<>[\]]/g, '\\$&').replace(/\s+/g, ' ');
const rows = list.map(
  ({ name, version, license }) => `| ${cell(name)} | ${cell(version)} | ${cell(license) || 'none stated'} |`,
);
const markdown = [
  '# Dependency review',
  '',
  `Run \`${run}\`, plan \`${planHash}\`, bill of materials \`${bomDigest}\`.`,
  '',
  `${counts.components} components: ${counts.allowed} with an allowed licence, ${counts.excepted} excepted, ${list.length} accepted by people.`,
  '',
  ...(rows.length > 0 ? ['| component | version | licence |', '|---|---|---|', ...rows, ''] : []),
  ...decisions.map(
    ({ decision, person, record }) =>
      `- ${decision} by ${cell(person.sub)} (${cell(person.iss)}), record \`${record}\``,
  ),
  '',
];
writeFileSync('out/report.md', markdown.join('\n'));
writeFileSync(
  'out/report.json',
  `${JSON.stringify({ run, planHash, bomDigest, counts, accepted: list, decisions }, null, 2)}\n`,
);
