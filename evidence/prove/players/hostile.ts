import type { Dice } from './dice.ts';

/** Pieces that end an element, a section, a line or a parser's patience. */
const pieces: readonly string[] = [
  ']]>',
  ']]]]>>',
  '<![CDATA[',
  '</VAST>',
  '</Ad><Ad id="x">',
  '<!--',
  '-->',
  '<?xml?>',
  '<!DOCTYPE x [<!ENTITY e "e">]>',
  '&e;',
  '&amp',
  '&#0;',
  '&#x110000;',
  '"',
  "'",
  '" onload="x',
  '>',
  '<',
  '\r\n',
  '\r\nSet-Cookie: x=1',
  '\u0000',
  '\u0001ad\u0002',
  '\u0001impression\u0002',
  '\u0008',
  '\u000b',
  '\u001f',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ud800',
  '\udc00',
  '\udc00\ud800',
  '\ufffe',
  '\uffff',
  '\ufdd0',
  '\u{1fffe}',
  '\u{10ffff}',
  '\u202e',
  'é',
  '𝒜',
  '%',
  '%zz',
  '[CACHEBUSTING]',
  '[',
  ']',
  '[[',
  `$\{AUCTION_PRICE}`,
  '#',
  '##',
  'javascript:alert(1)',
  'data:text/html,<script>',
  'file:///etc/passwd',
  'https://a.example/',
  'http://[::1]/',
  'https://u:p@a.example:99999/',
  '\\',
  '^`{|}',
  ' ',
  '\t',
  'x',
];

/** A text to be carried in the place of an honest one; one in twenty thousand is 100 kB. */
export function hostile(dice: Dice): string {
  if (dice.chance(0.00005)) return (dice.of(pieces) + dice.of(pieces)).repeat(50_000).slice(0, 100_000);
  const before = dice.chance(0.4) ? 'https://a.example/' : '';
  let text = before;
  for (let count = 1 + dice.below(4); count > 0; count--) {
    text += dice.chance(0.1) ? String.fromCharCode(dice.below(65_536)) : dice.of(pieces);
  }
  return text;
}
