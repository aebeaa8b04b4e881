/** The sentences of Now. */

const NUMBERS = [
  "Nothing",
  "One",
  "Two",
  "Three",
  "Four",
  "Five",
  "Six",
  "Seven",
  "Eight",
  "Nine",
  "Ten",
] as const;

/** Whether anything is wrong, to be read without reading a number. */
export function headline(things: number): string {
  if (things === 0) return "In tune. Nothing needs you.";
  const many = NUMBERS[things] ?? String(things);
  return `Mostly in tune. ${many} ${things === 1 ? "thing needs" : "things need"} you.`;
}

/** How long the engine has run: `up 6 d 4 h`. */
export function upTime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "up since a moment ago";
  if (minutes < 60) return `up ${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `up ${hours} h ${minutes % 60} min` : `up ${Math.floor(hours / 24)} d ${hours % 24} h`;
}
