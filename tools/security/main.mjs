// `npm run security`: attacks the webservice as strangers can, and counts the attempts. Four parts: the matrix of routes, tokens and
// scopes; invalid tokens; every parameter with texts that break parsers; a stranger's requests for everything that a tenant has. The
// expected results follow from the OpenAPI document. Exit 0 without findings. Build first (`npm run build`).
//
// --only A,B     only these parts: matrix, tokens, parameters, probes
// --runs N       number of runs of the tenant that the probes request (12)
// --json         machine-readable output
// --target       a running service, as JSON on stdin: {url, issuer, audience, privateKey, victim, stranger}; the round is a small one
import { text } from 'node:stream/consumers';
import { jwtList } from './jwt-list.mjs';
import { matrix } from './matrix.mjs';
import { parameters } from './parameters.mjs';
import { probes } from './probes.mjs';
import { Server } from './requests.mjs';
import { absentId } from './resources.mjs';
import { startStack, until } from './stack.mjs';
import { Minter } from './tokens.mjs';
import { readOptions } from '../command-line/options.mjs';

const PARTS = { matrix, tokens: jwtList, parameters, probes };
/** Minimum number of probes in a whole round. A lower number shows that objects were left out. */
const LEAST_PROBES = 10_000;
const SMALL_RUNS = 3;
const { values: options } = readOptions(import.meta.url, {
  only: { type: 'string', default: Object.keys(PARTS).join() },
  runs: { type: 'string', default: '12' },
  json: { type: 'boolean', default: false },
  target: { type: 'boolean', default: false },
});
const chosen = options.only.split(',');
const unknown = chosen.find((name) => PARTS[name] === undefined);
if (unknown !== undefined || !/^[1-9]\d{0,2}$/.test(options.runs)) {
  console.error(
    unknown === undefined
      ? '--runs is a whole number from 1 to 999'
      : `--only: ${unknown} is none of ${Object.keys(PARTS)}`,
  );
  process.exit(2);
}
const began = Date.now();
const say = (line) =>
  options.json || console.log(`${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${line}`);

const names = { victim: 'acme', stranger: 'globex' };
const target = options.target ? JSON.parse(await text(process.stdin)) : null;
const isSmall = target !== null;
const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef';
/** Well-formed ids of objects that do not exist. */
const absent = () => ({
  ...{
    runId: absentId(RUN),
    scheduleId: absentId(RUN).replace('run', 'sch'),
    stepId: 'none',
    gateId: 'none',
    artifactId: 'none',
  },
  ...{ name: 'none', version: '1.0.0', code: 'RUN_NOT_FOUND' },
});

say('starting');
const stack = target
  ? { url: target.url, minter: new Minter(target), stop: async () => undefined }
  : await startStack({ ...names, runs: Number(options.runs) });
const server = new Server(stack.url);
const results = {};
try {
  const { minter } = stack;
  const document = await server.json({ path: '/openapi.json' });
  const context = {
    server,
    document,
    minter,
    isSmall,
    absent,
    ...names,
    ...target,
    runs: isSmall ? SMALL_RUNS : Number(options.runs) + 2,
  };
  if (!isSmall && (chosen.includes('probes') || chosen.includes('parameters'))) {
    say('a tenant gets some of everything');
    await stack.fill(server, minter);
  }
  const token = minter.token(context.victim);
  // In our own stack a run that was just submitted ends. Its responses change until then.
  const settled = async ({ keyed }) => {
    if (!isSmall)
      await until(
        async () => (await server.json({ path: `/api/runs/${keyed.runId}`, token })).evidence.status === 'sealed',
        keyed.runId,
      );
  };
  for (const name of Object.keys(PARTS).filter((one) => chosen.includes(one))) {
    say(name);
    const { items } = await server.json({ path: '/api/runs?limit=1', token });
    const samples = { ...absent(), ...(items[0] && { runId: items[0].runId }), stepId: 'make', gateId: 'approve' };
    const { count, findings, about } = await PARTS[name]({ ...context, samples, settled });
    if (name === 'probes' && !isSmall && count < LEAST_PROBES)
      findings.push(`only ${count} probes: ${LEAST_PROBES} are expected`);
    results[name] = { count, findings, about };
    say(`  ${count} (${about}), findings: ${findings.length}`);
    for (const finding of findings) say(`  FOUND ${finding}`);
  }
} finally {
  server.close();
  await stack.stop();
}
const found = Object.values(results).reduce((sum, { findings }) => sum + findings.length, 0);
if (options.json) console.log(JSON.stringify({ requests: server.count, results }));
else {
  for (const [name, { count, findings }] of Object.entries(results))
    console.log(`${name.padEnd(12)} ${String(count).padStart(7)}  findings ${findings.length}`);
  console.log(
    `${'requests'.padEnd(12)} ${String(server.count).padStart(7)}  ${Math.round((Date.now() - began) / 1_000)} s`,
  );
}
process.exitCode = found === 0 ? 0 : 1;
