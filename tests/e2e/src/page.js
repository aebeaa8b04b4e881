// Finds what a person would: things on the screen by what they are and what they are called.
const ROLES = {
  button: "button, [role=button]",
  checkbox: "input[type=checkbox], [role=checkbox]",
  combobox: "select, [role=combobox]",
  heading: "h1, h2, h3, [role=heading]",
  link: "a[href], [role=link]",
  option: "option, [role=option]",
  radio: "input[type=radio], [role=radio]",
  row: "tr, [role=row]",
  switch: "[role=switch]",
  tab: "[role=tab]",
  textbox: "input:not([type=checkbox]):not([type=radio]), textarea, [role=textbox], [contenteditable=true]",
};

const squeeze = (text) => text.replace(/\s+/g, " ").trim();

function textOf(element) {
  const copy = element.cloneNode(true);
  for (const silent of copy.querySelectorAll("kbd, [aria-hidden=true], style, script")) silent.remove();
  return squeeze(copy.textContent);
}

function nameOf(element) {
  const ids = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const labelled = ids.map((id) => document.getElementById(id)).filter(Boolean).map(textOf).join(" ");
  if (labelled) return labelled;
  const label = element.getAttribute("aria-label");
  if (label) return squeeze(label);
  if (element.labels?.length) return squeeze([...element.labels].map(textOf).join(" "));
  return textOf(element) || squeeze(element.getAttribute("title") ?? element.getAttribute("placeholder") ?? "");
}

const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";

const all = (role) => [...document.querySelectorAll(ROLES[role] ?? `[role="${role}"]`)].filter(shown);

// A round button is drawn by its label, and that is what people click.
const target = (element) => (element?.matches("input[type=radio], input[type=checkbox]") && element.labels[0]) || element;

const [what, role, name] = arguments;
if (what === "names") return all(role).map(nameOf);
const found = all(role);
const one = found.find((element) => nameOf(element) === name) ?? found.find((element) => nameOf(element).startsWith(name));
return (what === "target" ? target(one) : one) ?? null;
