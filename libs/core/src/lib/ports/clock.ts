/** Database time in this process: the offset measured at each lease renewal, plus the monotonic time since then. Milliseconds. */
export abstract class Clock {
  abstract now(): number;
}
