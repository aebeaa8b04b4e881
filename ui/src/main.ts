import "./theme/tokens.css";
import "./theme/base.css";
import { mount } from "svelte";
import { line } from "$/data";
import { findHost } from "$/host";
import Shell from "./shell/Shell.svelte";
import { look } from "./theme/theme.svelte";

const target = document.getElementById("app");
if (!target) throw new Error("the page has no place for the app");

look.start();
line.open(await findHost());
mount(Shell, { target });
