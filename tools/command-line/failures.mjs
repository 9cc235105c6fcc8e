// Lists failed tests at the end of a long log, so that its last lines suffice.

/** Limits for the repeated message of one failure, in lines and in characters of each. */
const LINES = 6;
const CHARACTERS = 300;

// Jest colours its messages on a terminal.
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const excerpt = (message) =>
  message
    .replace(COLOUR, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, LINES)
    .map((line) => `    ${line.slice(0, CHARACTERS)}`);

/**
 * The failures of one Jest report (`--json`), as lines: for each test its file and full name, then the beginning of its message. A file
 * that could not run is listed with the reason.
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

/** Converts TAP, the output of Node's test runner, to the form of Jest's report. */
export function resultsOfTap(tap) {
  const blocks = tap.split(/^(?=\s*(?:not )?ok \d+ - )/m);
  return blocks.flatMap((block) => {
    const found = /^\s*not ok \d+ - (.*)$/m.exec(block);
    // A file and a suite fail together with their tests, which contain the reasons.
    if (found === null || /failureType: 'subtestsFailed'/.test(block)) return [];
    const location = /location: '(.*?)(?::\d+:\d+)?'/.exec(block)?.[1] ?? 'tools';
    const message =
      /error: (?:\|-\n)?([\s\S]*?)(?=\n\s*(?:code|name|expected|actual|operator|stack):|$)/.exec(block)?.[1] ?? '';
    const assertion = { status: 'failed', fullName: found[1], failureMessages: [message] };
    return [{ name: location, status: 'failed', assertionResults: [assertion] }];
  });
}
