// The table of README that compares the product with its peers: `npm run bench -- durable-steps one-run --note` writes it.
import { readFileSync, writeFileSync } from 'node:fs';

const PLACE = /(<!-- bench -->\n).*?(<!-- \/bench -->)/s;

/** Rows of the table: the measure whose peers are compared, and the measure of the product's value. */
const ROWS = [
  ['`pure` steps a second', 'durable-steps-pure', 'durable-steps-pure'],
  ['the same, with the evidence of all runs', 'durable-steps-pure', 'durable-steps-pure-sealed'],
  ['`idempotent` steps a second', 'durable-steps-idempotent', 'durable-steps-idempotent'],
  ['the same, with the evidence of all runs', 'durable-steps-idempotent', 'durable-steps-idempotent-sealed'],
  ['one run of ten `pure` steps, ms', 'one-run-pure', 'one-run-pure'],
  ['one run of ten `idempotent` steps, ms', 'one-run-idempotent', 'one-run-idempotent'],
];

/**
 * The table in Markdown. A cell of a peer has its value, and in brackets that of the product divided by it. Throws if a measure is missing.
 *
 * @param results lines of output of `durable-steps` and `one-run` with peers
 * @param machine what was measured where and when, one sentence
 */
export function ratioTable(results, machine) {
  const peers = [...new Set(results.flatMap(({ peer }) => (peer === undefined ? [] : [peer])))].sort();
  if (peers.length === 0) throw new Error('there are no peers to compare with');
  const cells = ROWS.map(([title, compared, measured]) => {
    const own = results.find(({ name }) => name === measured);
    if (own === undefined) throw new Error(`${measured} was not measured`);
    const others = peers.map((peer) => {
      const found = results.find((one) => one.name === compared && one.peer === peer);
      return found === undefined ? '' : `${shown(found.peerValue)} (${(own.value / found.peerValue).toFixed(2)})`;
    });
    return [title, `**${shown(own.value)}**`, ...others];
  });
  const head = ['', 'TaskRunner', ...peers];
  const row = (values) => `| ${values.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...cells.map(row), '', machine, ''].join('\n');
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
