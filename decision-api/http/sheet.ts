const SHEET_BYTES = 512 * 1024;

let sheet: Buffer = Buffer.alloc(0);
let written = 0;

/**
 * Text in UTF-8, on a sheet shared with other answers: Node would copy it twice on its way out, and fresh memory for each costs more
 * than both. Nothing is written over: a full sheet is left to those who hold parts of it.
 */
export function onSheet(text: string): Buffer {
  const most = 3 * text.length;
  if (sheet.length - written < most) {
    sheet = Buffer.allocUnsafeSlow(Math.max(SHEET_BYTES, most));
    written = 0;
  }
  const begin = written;
  written += sheet.write(text, begin);
  return sheet.subarray(begin, written);
}
