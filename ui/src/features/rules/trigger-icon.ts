/** The sign of a trigger: the same wherever a trigger is named. */
import CalendarCheck from "@lucide/svelte/icons/calendar-check";
import CalendarClock from "@lucide/svelte/icons/calendar-clock";
import CalendarSync from "@lucide/svelte/icons/calendar-sync";
import FolderSearch from "@lucide/svelte/icons/folder-search";
import Radio from "@lucide/svelte/icons/radio";
import Repeat from "@lucide/svelte/icons/repeat";
import Webhook from "@lucide/svelte/icons/webhook";
import type { Icon } from "$/actions";

const SIGNS: Readonly<Record<string, Icon>> = {
  "core.intervaltimer": Repeat,
  "core.crontimer": CalendarClock,
  "core.datetimetimer": CalendarCheck,
  "core.rruletimer": CalendarSync,
  "core.filewatch": FolderSearch,
  "core.webhook": Webhook,
};

export function triggerIcon(ref: string): Icon {
  return SIGNS[ref] ?? Radio;
}
