export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is truthy; a question that throws is asked again. Null when the time is over. */
export async function until(question, ms, everyMs = 100) {
  for (const end = Date.now() + ms; ; await pause(everyMs)) {
    const answer = await Promise.resolve()
      .then(question)
      .catch(() => null);
    if (answer) return answer;
    if (Date.now() > end) return null;
  }
}
