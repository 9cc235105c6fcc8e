export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until the result is truthy. A query that throws is repeated. Null at the timeout. */
export async function until(question, ms, everyMs = 100) {
  for (const end = Date.now() + ms; ; await pause(everyMs)) {
    const answer = await Promise.resolve()
      .then(question)
      .catch(() => null);
    if (answer) return answer;
    if (Date.now() > end) return null;
  }
}
