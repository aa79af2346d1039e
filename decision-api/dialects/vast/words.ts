import { urlSection, xmlAttribute, xmlText } from '../escape.ts';

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element around what is XML already; nothing where there is nothing to hold. */
export function element(name: string, content: string | null, attributes: Attributes = {}): string {
  return content === null || content === '' ? '' : `<${name}${written(attributes)}>${content}</${name}>`;
}

/** An element that stands also where it is empty. */
export function holding(name: string, content: string, attributes: Attributes = {}): string {
  return `<${name}${written(attributes)}>${content}</${name}>`;
}

/** An element of text; nothing where there is none. */
export function texted(name: string, text: string | undefined, attributes: Attributes = {}): string {
  return text === undefined ? '' : element(name, xmlText(text), attributes);
}

/** An element of a URL; nothing where it is none that may be emitted. */
export function linked(name: string, url: string | null | undefined, attributes: Attributes = {}): string {
  return url ? element(name, urlSection(url), attributes) : '';
}

function written(attributes: Attributes): string {
  let text = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) text += ` ${name}="${xmlAttribute(String(value))}"`;
  }
  return text;
}

/** HH:MM:SS */
export function clockTime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
