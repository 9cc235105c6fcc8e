/**
 * Lines that are said in one turn of the event loop, written together: a write to a pipe stops the process until it is done. What is left
 * when the process ends is written then.
 */
export function gatheredLines(write: (text: string) => void): (line: string) => void {
  let waiting = '';
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    if (text !== '') write(text);
  };
  process.on('exit', flush);
  return (line) => {
    if (waiting === '') setImmediate(flush);
    waiting += line;
  };
}
