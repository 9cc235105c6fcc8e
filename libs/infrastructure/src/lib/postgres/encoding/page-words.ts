/** Frequent parts of pages. The most frequent ones come last, where references to them are shortest. */
const OTHERS = [
  ...['"crashes":0,"fence":', '"probe":"sha256:', '"quarantine":false,"type":"run.claimed","version":"', '"worker":"'],
  ...['{"type":"time.reached"}', '"decisionId":"', '"approvals":1,"required":1,', '"type":"gate.counted"'],
  ...['"answer":', '"question":', '"type":"question.answered"', '"type":"policy.judged"', '"type":"map.expanded"'],
  ...['"type":"attempt.failed"', '"message":"', '"retryable":false', '"exitCode":1,', '"type":"step.retrying"'],
  ...[
    '"type":"given.ignored"',
    '"code":"UPSTREAM_FAILED"',
    '"code":"WHEN_FALSE"',
    '"status":"skipped"',
    '"status":"failed"',
  ],
  ...[
    '"executeBy":17',
    '"expiresAt":17',
    '"gateDigest":"sha256:',
    '"request":',
    '"type":"gate.opened"',
    '"type":"gate.ended"',
  ],
  ...['"type":"artifact.captured"', '"mediaType":"application/json","name":"', '"path":"', '"type":"tool.resolved"'],
  ...['"bytes":', '"chunk":0,', '"lines":', '"sha256":"sha256:', '"type":"log"},"kind":"fact","seq":'],
  ...['"assignment":"', '"type":"attempt.assigned"', '"kind":"children","of":"', '"count":', '"kind":"stored"'],
  ...['{"type":"run.started"}', '"code":null,', '"status":"succeeded","step":null,"type":"run.ended"', '{"children":'],
  ...['"step":"","type":"step.opened"},"kind":"derived","seq":'],
];

/** The entries of a step that starts, succeeds and ends: most journals consist mainly of them. */
const STEP = [
  '{"at":17957,"event":{"execution":1,"outputs":{"digest":"sha256:","kind":"value","size":2},"step":"","type":"attempt.succeeded"},',
  '"kind":"given","seq":},{"at":17957,"event":{"attempts":1,"code":null,"exitCode":null,"message":null,"outputs":{"digest":"sha256:',
  '","kind":"value","size":1},"status":"succeeded","step":"","type":"step.ended"},"kind":"derived","seq":},',
  '{"at":17957,"event":{"attempt":1,"execution":1,"step":"","type":"step.started"},"kind":"derived","seq":',
];

/**
 * The preset dictionary (RFC 1950 §2.2) of packed pages. Stored pages depend on its bytes, which must never change. Another dictionary is
 * another packing format with a new number.
 */
export const PAGE_WORDS: Buffer = Buffer.from([...OTHERS, ...STEP].join(''), 'utf8');
