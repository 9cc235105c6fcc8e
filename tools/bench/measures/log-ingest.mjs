// Lines per second that one worker reads from its children's pipes and stores with numbers in the database, and the WAL bytes per byte of
// log.
import { loadavg } from 'node:os';
import { measureIngest } from '../../logs/ingest.mjs';
import { median } from '../median.mjs';

const LINES = 400_000;
const STEPS = 4;
const TARGET = { linesPerSecond: 50_000, walRatio: 1.2 };

const rounded = (value) => Number(value.toPrecision(4));

async function* logIngest({ rounds }) {
  for (const text of ['random', 'alike']) {
    const { reported, rssMiB } = await measureIngest({ lines: LINES, steps: STEPS, text, rounds });
    const rate = rounded(median(reported.map(({ linesPerSecond }) => linesPerSecond)));
    const wal = rounded(median(reported.map(({ walRatio }) => walRatio)));
    const load = rounded(loadavg()[0]);
    const more = {
      mibPerSecond: rounded(median(reported.map(({ mibPerSecond }) => mibPerSecond))),
      peakRssMiB: rounded(rssMiB),
      load,
    };
    const { linesPerSecond, walRatio } = TARGET;
    yield {
      name: `log-ingest-${text}`,
      value: rate,
      unit: 'lines/s',
      target: linesPerSecond,
      pass: rate >= linesPerSecond,
      ...more,
    };
    yield {
      name: `log-ingest-${text}-wal`,
      value: wal,
      unit: 'B of WAL / B',
      target: walRatio,
      pass: wal <= walRatio,
      load,
    };
  }
}

export const measures = { 'log-ingest': { whole: logIngest } };
