/** A canvas that follows its own size and the screen's pixels, and the colours of the theme. */

export interface Sheet {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Fits the canvas to its box; gives its drawing context in CSS pixels, cleared. */
export function clear(canvas: HTMLCanvasElement): Sheet | undefined {
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export interface Inks {
  text: string;
  quiet: string;
  panel: string;
  line: string;
  edge: string;
  accent: string;
  accentDim: string;
  amber: string;
  red: string;
}

/** The theme's colours as they are now. Read them when the theme changes, not for every picture. */
export function inks(element: Element): Inks {
  const style = getComputedStyle(element);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: ink("--text"),
    quiet: ink("--quiet"),
    panel: ink("--panel"),
    line: ink("--line"),
    edge: ink("--edge"),
    accent: ink("--accent"),
    accentDim: ink("--accent-dim"),
    amber: ink("--amber"),
    red: ink("--red"),
  };
}

/** Calls `draw` at display rate; four times a second for those who want no motion. Ends when the answer is called. */
export function everyPicture(draw: (nowMs: number) => void): () => void {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let last = -Infinity;
  let frame = requestAnimationFrame(function next(nowMs) {
    if (!still.matches || nowMs - last >= 250) {
      last = nowMs;
      draw(nowMs);
    }
    frame = requestAnimationFrame(next);
  });
  return () => cancelAnimationFrame(frame);
}
