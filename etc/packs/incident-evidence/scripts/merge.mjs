// Joins the pages of events in order, one event a line.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const lines = readdirSync('in/pages')
  .sort()
  .flatMap((name) => JSON.parse(readFileSync(`in/pages/${name}`, 'utf8')).events)
  .map((event) => JSON.stringify(event));
writeFileSync('out/events.ndjson', lines.map((line) => `${line}\n`).join(''));
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify({ events: lines.length }));
