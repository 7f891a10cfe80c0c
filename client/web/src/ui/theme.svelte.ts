/** Light and dark: as the system says, until somebody chooses. */
const STORE = "farfield.theme";
type Choice = "dark" | "light";

class Theme {
  #choice = $state<Choice | undefined>(read());
  #system = $state(matchMedia("(prefers-color-scheme: light)").matches);

  constructor() {
    const query = matchMedia("(prefers-color-scheme: light)");
    query.addEventListener("change", () => {
      this.#system = query.matches;
      this.#show();
    });
    this.#show();
  }

  get light(): boolean {
    return this.#choice === undefined ? this.#system : this.#choice === "light";
  }

  toggle(): void {
    const choice = this.light ? "dark" : "light";
    this.#choice = choice;
    localStorage.setItem(STORE, choice);
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset["theme"] = this.light ? "light" : "dark";
  }
}

function read(): Choice | undefined {
  const saved = localStorage.getItem(STORE);
  return saved === "dark" || saved === "light" ? saved : undefined;
}

export const theme = new Theme();
