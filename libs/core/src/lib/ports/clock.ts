/** Database time as this process knows it: offset measured at each lease renewal, plus monotonic time since. Milliseconds. */
export abstract class Clock {
  abstract now(): number;
}
