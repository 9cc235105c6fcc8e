// Names the tests that failed, for the end of a long log: whoever reads only its last lines learns what to look at.

/** How much of one failure's message is repeated there, in lines and in characters of each. */
const LINES = 6;
const CHARACTERS = 300;

// Jest colours its messages if a terminal is near.
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const excerpt = (message) =>
  message
    .replace(COLOUR, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, LINES)
    .map((line) => `    ${line.slice(0, CHARACTERS)}`);

/**
 * The failures of one Jest report (`--json`), as lines: for each test its file and full name, then the beginning of its message. A file that did
 * not run at all is named with the reason.
 */
export function failuresOf(report, root) {
  return (report.testResults ?? [])
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
      const failed = assertionResults.filter((one) => one.status === 'failed');
      if (failed.length === 0) return [`failed: ${file}`, ...excerpt(message ?? '')];
      return failed.flatMap((one) => [`failed: ${file}: ${one.fullName}`, ...excerpt(one.failureMessages.join('\n'))]);
    });
}

/** The same of TAP, which Node's runner prints; in the shape of Jest's report. */
export function resultsOfTap(tap) {
  const blocks = tap.split(/^(?=\s*(?:not )?ok \d+ - )/m);
  return blocks.flatMap((block) => {
    const found = /^\s*not ok \d+ - (.*)$/m.exec(block);
    // A file and a suite fail with their tests; the tests say why.
    if (found === null || /failureType: 'subtestsFailed'/.test(block)) return [];
    const location = /location: '(.*?)(?::\d+:\d+)?'/.exec(block)?.[1] ?? 'tools';
    const message =
      /error: (?:\|-\n)?([\s\S]*?)(?=\n\s*(?:code|name|expected|actual|operator|stack):|$)/.exec(block)?.[1] ?? '';
    const assertion = { status: 'failed', fullName: found[1], failureMessages: [message] };
    return [{ name: location, status: 'failed', assertionResults: [assertion] }];
  });
}
