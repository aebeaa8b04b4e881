/** Ink, Paper, or as the desktop has it. Remembered on this machine; set on the root element. */

export type Choice = "dark" | "light" | "system";
export type Theme = "dark" | "light";

const KEY = "attune.theme";
const CHOICES: readonly Choice[] = ["dark", "light", "system"];

class Look {
  choice = $state<Choice>("system");
  /** What is shown. Canvas reads its colours anew when this changes. */
  theme = $state<Theme>("dark");
  #system: MediaQueryList | null = null;

  start(): () => void {
    const stored = readStored();
    this.choice = stored ?? "system";
    this.#system = window.matchMedia("(prefers-color-scheme: light)");
    const follow = (): void => this.apply();
    this.#system.addEventListener("change", follow);
    this.apply();
    return () => this.#system?.removeEventListener("change", follow);
  }

  set(choice: Choice): void {
    this.choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // Without storage the choice holds until the window closes.
    }
    this.apply();
  }

  private apply(): void {
    this.theme = this.choice === "system" ? (this.#system?.matches ? "light" : "dark") : this.choice;
    document.documentElement.dataset["theme"] = this.theme;
  }
}

function readStored(): Choice | null {
  try {
    const stored = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === stored) ?? null;
  } catch {
    return null;
  }
}

export const look = new Look();
