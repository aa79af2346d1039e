/** What XML 1.0 cannot carry, and what nobody should: half pairs, non-characters, control characters. */
const uncarried = /[\p{Cs}\p{Noncharacter_Code_Point}[\p{Cc}--[\t\n\r]]]/gv;
const marked = /[&<>"'\r]/g;
const marks: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;',
};

/** Text as the content of an element. */
export function xmlText(text: string): string {
  return text.replace(uncarried, '').replace(marked, (mark) => marks[mark] ?? '');
}

/** Text as the value of an attribute in double quotes. */
export function xmlAttribute(text: string): string {
  return xmlText(text).replace(/[\t\n]/g, (space) => (space === '\t' ? '&#9;' : '&#10;'));
}

/** Text as a CDATA section: what would end it is divided between two. */
export function cdata(text: string): string {
  return `<![CDATA[${text.replace(uncarried, '').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** Macros stay as they are: players look for raw brackets. */
const macro = /\[[A-Za-z][A-Za-z0-9_.]*\]/g;
const unsafe = /[^\w\-.~:/?#@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/gu;

/**
 * A URL that may be emitted: http or https, all else than URL characters and macros percent-encoded, so that nothing in it ends an
 * element, a section or a line. Null: not such a URL, and never emitted.
 */
export function webUrl(text: string): string | null {
  if (!/^https?:\/\//i.test(text)) return null;
  let written = '';
  let end = 0;
  for (const found of text.matchAll(macro)) {
    written += encoded(text.slice(end, found.index)) + found[0];
    end = found.index + found[0].length;
  }
  written += encoded(text.slice(end));
  const first = written.indexOf('#') + 1;
  // A second # is no part of any URL.
  const whole = first === 0 ? written : written.slice(0, first) + written.slice(first).replaceAll('#', '%23');
  return URL.canParse(whole.replace(macro, '1')) ? whole : null;
}

function encoded(text: string): string {
  return text.toWellFormed().replace(unsafe, (one) => encodeURIComponent(one));
}

/** The URL as an element's content, or null. */
export function urlSection(text: string): string | null {
  const url = webUrl(text);
  return url === null ? null : `<![CDATA[${url}]]>`;
}
