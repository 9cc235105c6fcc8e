/** The median of these numbers; for an even count, the higher of the two middle ones. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
