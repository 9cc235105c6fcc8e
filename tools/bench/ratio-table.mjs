// The table of README that compares the product with its peers: `npm run bench -- durable-steps one-run --note` writes it.
import { readFileSync, writeFileSync } from 'node:fs';
import { PEERS } from './settings.mjs';

const PLACE = /(<!-- bench -->\n).*?(<!-- \/bench -->)/s;

/** Rows of the table, and the measure of each. */
const ROWS = [
  ['`idempotent` steps a second', 'durable-steps-idempotent'],
  ['the same, until all evidence exists', 'durable-steps-idempotent-sealed'],
  ['`pure` steps a second', 'durable-steps-pure'],
  ['the same, until all evidence exists', 'durable-steps-pure-sealed'],
  ['one `idempotent` run on an idle system, ms', 'one-run-idempotent'],
  ['the same, one run right after the other', 'one-run-idempotent-repeated'],
  ['one `pure` run on an idle system, ms', 'one-run-pure'],
  ['the same, one run right after the other', 'one-run-pure-repeated'],
];

/**
 * The table in Markdown. A cell has the median and, in brackets, the least and greatest of the rounds; that of a peer also the value of the
 * product divided by it. Throws if a measure is missing.
 *
 * @param results lines of output of `durable-steps` and `one-run` with peers
 * @param machine what was measured where and when, one sentence
 */
export function ratioTable(results, machine) {
  const peers = PEERS.filter((name) => results.some(({ peer }) => peer === name));
  if (peers.length === 0) throw new Error('there are no peers to compare with');
  const cells = ROWS.map(([title, measured]) => {
    const own = results.find(({ name }) => name === measured);
    if (own === undefined) throw new Error(`${measured} was not measured`);
    const others = peers.map((peer) => {
      const found = results.find((one) => one.name === measured && one.peer === peer);
      if (found === undefined) return 'not measured';
      return `${shown(found.peerValue)}${rangeOf(found.peerRounds)}: ${(own.value / found.peerValue).toFixed(2)}`;
    });
    const { rounds } = results.find((one) => one.name === measured && one.rounds !== undefined) ?? {};
    return [title, `${shown(own.value)}${rangeOf(rounds)}`, ...others];
  });
  const head = ['', 'TaskRunner', ...peers];
  const row = (values) => `| ${values.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...cells.map(row), '', machine, ''].join('\n');
}

function rangeOf(rounds) {
  return rounds === undefined ? '' : ` (${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))})`;
}

/** Thousands with a space, and no digit that was not measured. */
function shown(value) {
  return value < 100 ? value.toFixed(1) : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Writes the table into a document. */
export function noteTable(path, table) {
  const text = readFileSync(path, 'utf8');
  if (!PLACE.test(text)) throw new Error(`${path} has no <!-- bench -->`);
  writeFileSync(
    path,
    text.replace(PLACE, (_, begin, end) => `${begin}\n${table}\n${end}`),
  );
}
