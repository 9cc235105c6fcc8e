// Packs of the workload. The prefix of a step's name determines its check against the effect log: `idem…` is idempotent, `once…` acts once
// per attempt, `gated…` must not act before its approval.

const HEAD = (name) => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: chaos-${name}, version: 1.0.0 }
spec:
`;
const RETRIES = 'retries: { maxAttempts: 4, backoffSeconds: 1 }';

/** Packs by name. `port`: port of the effect log. `weight`: relative frequency. */
export function chaosPacks(port) {
  const url = (kind, step) => `http://127.0.0.1:${port}/${kind}/{{ run.id }}/${step}`;
  const egress = `, egress: [ { url: "http://127.0.0.1:${port}" } ]`;
  const put = (id, kind, more = '') =>
    `{ id: ${id}, effects: idempotent, ${RETRIES}, ${more}run: { uses: "builtin:http", with: { method: PUT, url: "${url(kind, id)}" }${egress} } }`;
  const post = (id, more = '') =>
    `{ id: ${id}, run: { uses: "builtin:http", with: { method: POST, url: "${url('once', id)}"${more} }${egress} } }`;
  const script = (id, source, more = '') =>
    `{ id: ${id}, ${RETRIES}, run: { uses: "builtin:script", with: { interpreter: [sh], source: ${JSON.stringify(source)} }${more} } }`;
  const lines = (count, ms) =>
    `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo "line $i of $TASKRUNNER_STEP_ID"; sleep ${ms / 1_000}; done`;
  const call = (kind, id) =>
    `curl -sS -f -X PUT -H "idempotency-key: $TASKRUNNER_IDEMPOTENCY_KEY" "http://127.0.0.1:${port}/${kind}/$TASKRUNNER_RUN_ID/${id}"`;
  const steps = (...list) => `  steps:\n${list.map((one) => `    - ${one}\n`).join('')}`;
  const pack = (name, weight, body, more = '') => ({ name, weight, manifest: HEAD(name) + more + body });
  return [
    pack('http', 4, steps(...['idem-1', 'idem-2', 'idem-3', 'idem-4'].map((id) => put(id, 'idem')))),
    pack(
      'commands',
      2,
      steps(
        script('talk', `${lines(12, 20)}; echo '{"n": 1}' > $TASKRUNNER_OUTPUTS`),
        script('idem-curl', `echo before; ${call('idem', 'idem-curl')}; echo after`, egress),
        '{ id: close, run: { uses: "builtin:noop", with: { n: "{{ steps.talk.outputs.n }}" } } }',
      ),
    ),
    pack('once', 2, steps(put('idem-first', 'idem'), post('once-1'), post('once-2', ', saveAs: answer'))),
    pack(
      'map',
      2,
      `  steps:
    - id: each
      map:
        items: [1, 2, 3, 4, 5, 6]
        maxParallel: 3
        step: ${put('idem-item', 'idem')}
`,
    ),
    pack(
      'loop',
      1,
      `  steps:
    - id: poll
      loop:
        items: { range: { start: 1, end: 3 } }
        delay: 1s
        maxIterations: 5
        body:
          - ${put('idem-turn', 'idem')}
`,
    ),
    pack(
      'gate',
      3,
      steps(
        '{ id: find, run: { uses: "builtin:transform", with: { outputs: { hits: 3 } } } }',
        '{ id: ask, gate: { approval: owners, message: "go?", show: { hits: "{{ steps.find.outputs.hits }}" } } }',
        put('gated-apply', 'gated'),
        put('gated-tell', 'gated'),
      ),
      '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
    ),
    pack(
      'artifact',
      2,
      steps(
        script(
          'make',
          `${lines(30, 10)}; seq 1 20000 > out/numbers.txt; seq 1 300000 > out/large.txt; echo "$TASKRUNNER_RUN_ID" > out/name.txt`,
          ', artifacts: [ { name: numbers, path: out/numbers.txt }, { name: name, path: out/name.txt }, { name: large, path: out/large.txt } ]',
        ),
        put('idem-last', 'idem'),
      ),
    ),
    pack(
      'pure',
      2,
      steps(
        ...Array.from(
          { length: 10 },
          (_, i) =>
            `{ id: s${i}, run: { uses: "builtin:transform", with: { outputs: { n: ${i === 0 ? '1' : `"{{ steps.s${i - 1}.outputs.n }}"`} } } } }`,
        ),
      ),
    ),
    pack(
      'large',
      1,
      steps(
        // More than fits into one page of the journal.
        script('make', `printf '{"text":"%s"}' "$(seq 1 20000 | tr '\\n' ' ')" > $TASKRUNNER_OUTPUTS`),
        '{ id: read, run: { uses: "builtin:transform", with: { outputs: { text: "{{ steps.make.outputs.text }}" } } } }',
        put('idem-after', 'idem'),
      ),
    ),
    pack('cancel', 1, steps(put('idem-start', 'idem'), script('long', lines(600, 100)), put('idem-never', 'idem'))),
  ];
}

/** A map over this number of items, each with an effect. Several workers share it while it is cancelled and workers die. */
export function largeMapPack(port, items) {
  const url = `http://127.0.0.1:${port}/idem/{{ run.id }}/idem-item`;
  return `${HEAD('large-map')}  steps:
    - id: each
      map:
        items: [${Array.from({ length: items }, (_, i) => i).join()}]
        maxParallel: 64
        steps: [ { id: idem-item, effects: idempotent, run: { uses: "builtin:http", with: { method: PUT, url: "${url}" }, egress: [ { url: "http://127.0.0.1:${port}" } ] } } ]
`;
}

/** A pack whose step kills the worker that starts it, like a step that uses all memory. See the fault point `step-starts`. */
export const POISON_STEP = 'poison';
export function poisonPack() {
  return `${HEAD('poison')}  steps:
    - { id: ${POISON_STEP}, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo never" } } }
`;
}
