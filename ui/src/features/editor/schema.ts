/**
 * A form's fields from a JSON Schema of parameters, and values from what is typed into them. A field may
 * always hold a template instead of its plain value.
 */
import { readValue, writeValue, type Json } from "./values";

export type FieldKind = "text" | "long" | "number" | "choice" | "truth" | "json";

export type Params = Record<string, Json>;

export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly secret: boolean;
  readonly help: string;
  readonly choices: readonly Json[];
  readonly fallback: Json | undefined;
  /** What to show while the field is empty. */
  readonly hint: string;
}

const LONG = /(script|text|body|code|command)$/;

/** The fields of a schema, in the order of the form. */
export function fieldsOf(schema: Json | undefined): FieldSpec[] {
  const root = objectOf(schema);
  const properties = objectOf(root.properties);
  const required = Array.isArray(root.required) ? root.required : [];
  return Object.entries(properties)
    .map(([name, raw], index) => ({ name, property: objectOf(raw), index }))
    .filter(({ property }) => !("const" in property))
    .sort((a, b) => positionOf(a.property, a.index) - positionOf(b.property, b.index))
    .map(({ name, property }) =>
      fieldOf(name, property, required.includes(name) || property.required === true),
    );
}

function objectOf(value: Json | undefined): { [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

function positionOf(property: { [key: string]: Json }, index: number): number {
  return typeof property.position === "number" ? property.position : 1000 + index;
}

function fieldOf(name: string, property: { [key: string]: Json }, required: boolean): FieldSpec {
  const fallback = property.default;
  const choices = Array.isArray(property.enum) ? property.enum : [];
  return {
    name,
    label: typeof property.title === "string" ? property.title : labelOf(name),
    kind: kindOf(name, property, choices),
    required: required && fallback === undefined,
    secret: property.secret === true,
    help: typeof property.description === "string" ? property.description : "",
    choices,
    fallback,
    hint: fallback === undefined ? exampleOf(property) : writeValue(fallback),
  };
}

function exampleOf(property: { [key: string]: Json }): string {
  const examples = property.examples;
  const first = Array.isArray(examples) ? examples[0] : undefined;
  return first === undefined ? "" : writeValue(first);
}

function kindOf(name: string, property: { [key: string]: Json }, choices: readonly Json[]): FieldKind {
  if (choices.length > 0) return "choice";
  const types = Array.isArray(property.type) ? property.type : [property.type];
  if (types.includes("boolean")) return "truth";
  if (types.includes("string")) return property.format === "multiline" || LONG.test(name) ? "long" : "text";
  if (types.includes("integer") || types.includes("number")) return "number";
  return "json";
}

/** `working_directory` → `Working directory`. */
export function labelOf(name: string): string {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether text holds a template. */
export function isTemplate(text: string): boolean {
  return text.includes("{{") || text.includes("{%");
}

/** A stored value as the text of its field. */
export function toText(kind: FieldKind, value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string" && kind !== "json") return value;
  if (kind === "json" && typeof value === "string") return isTemplate(value) ? value : writeValue(value);
  return kind === "json" ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

/** The value of a field's text; `undefined` where the field is empty and so left to its default. */
export function fromText(kind: FieldKind, text: string): Json | undefined {
  if (text === "") return undefined;
  if (kind === "text" || kind === "long" || isTemplate(text)) return text;
  if (text.trim() === "") return undefined;
  return readValue(text);
}

/** The parameters with one of them set, or taken out where it is `undefined`. */
export function withParam(
  params: Readonly<Record<string, Json>>,
  name: string,
  value: Json | undefined,
): Record<string, Json> {
  const others = Object.entries(params).filter(([key]) => key !== name);
  if (value === undefined) return Object.fromEntries(others);
  return name in params ? { ...params, [name]: value } : Object.fromEntries([...others, [name, value]]);
}

export interface TemplatePart {
  readonly text: string;
  readonly template: boolean;
}

/** Splits text into plain parts and `{{ … }}` chips. */
export function templateParts(text: string): TemplatePart[] {
  return text
    .split(/(\{\{.*?\}\})/s)
    .filter((part) => part !== "")
    .map((part) => ({ text: part, template: part.startsWith("{{") }));
}
