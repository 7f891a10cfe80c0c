/** The relay's time while a take rolls: ten times a second, as the clocks of takes show tenths. */
const TENTH_MS = 100;

export class RollingClock {
  /** Unix ms; stands still while nothing rolls. */
  nowMs = $state(0);

  /** Call it while a component is set up: it ends with the component. */
  constructor(now: () => number, rolls: () => boolean) {
    $effect(() => {
      if (!rolls()) return;
      const tell = () => (this.nowMs = now());
      tell();
      const timer = setInterval(tell, TENTH_MS);
      return () => clearInterval(timer);
    });
  }
}
