/** Waits between attempts: at once, then 0.5 s doubling to 8 s, each shortened by up to a third so that crowds spread. */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  if (attempt === 0) return 0;
  return Math.min(8000, 250 * 2 ** attempt) * (1 - random / 3);
}
