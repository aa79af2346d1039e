import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));

/** Each room, and what its code may import of ours. A tests' folder or the bench is no room. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  schemas: ['schemas'],
  domain: ['domain', 'schemas'],
  engines: ['engines', 'domain', 'schemas'],
  'decision-api': ['decision-api', 'engines', 'domain', 'schemas'],
  'management-api': ['management-api', 'engines', 'domain', 'schemas'],
  'stream-workers': ['stream-workers', 'engines', 'domain', 'schemas'],
  compose: ['compose', 'engines/errors.ts', 'engines/clock.ts', 'engines/catalog/server-command.ts'],
  cli: ['cli', 'client', 'compose', 'decision-api', 'management-api', 'stream-workers', 'engines', 'domain', 'schemas'],
  simulator: ['simulator'],
  client: ['client'],
  evidence: [
    'evidence',
    'cli',
    'client',
    'compose',
    'decision-api',
    'management-api',
    'stream-workers',
    'engines',
    'domain',
    'schemas',
    'simulator',
  ],
  test: ['test', 'compose'],
};

/** Rooms inside a room with a stricter law. */
export const closedRooms: Readonly<Record<string, readonly string[]>> = { 'evidence/audit': ['evidence/audit'] };

export interface SourceFile {
  /** From the project's folder, with slashes. */
  readonly path: string;
  readonly room: string;
  readonly lines: readonly string[];
  /** A test, or what only tests use: test-*.ts, fixture*.ts. */
  readonly isTest: boolean;
}

/** Every file in the rooms that ends in one of these. */
export function sourceFiles(...endings: readonly string[]): SourceFile[] {
  return Object.keys(rooms).flatMap((room) =>
    readdirSync(join(project, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => endings.some((ending) => name.endsWith(ending)) && !name.includes('node_modules'))
      .map((name) => read(`${room}/${name}`, room)),
  );
}

/** The paths (from the project's folder) that a file's relative imports lead to. */
export function importsOf({ path, lines }: SourceFile): string[] {
  const pattern = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;
  return [...lines.join('\n').matchAll(pattern)].map(([, target]) => join(dirname(path), target ?? ''));
}

/** A file of the project, by its path; null when it is not there. */
export function readText(path: string): string | null {
  try {
    return readFileSync(join(project, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function read(path: string, room: string): SourceFile {
  const lines = (readText(path) ?? '').replace(/\n$/, '').split('\n');
  return { path, room, lines, isTest: /\.test\.ts$|\/(test-|fixture)[\w-]*\.ts$/.test(path) };
}

export interface Block {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly length: number;
}

/**
 * Functions and methods with their own lengths, less those of functions inside them; by indentation: what the formatter lays out as `… {` at some depth ends with
 * the first `}` at that depth. Good enough for a law on lengths, since every file is formatted.
 */
export function functionsOf({ lines }: SourceFile): Block[] {
  const head =
    /^(\s*)(?:export )?(?:static )?(?:async )?(?:function\*? ?(\w+)|\*?(#?\w+)(?:<[^>]*>)?\(|(?:const|let) (\w+) = (?!.*;$))/;
  const notFunctions = new Set(['if', 'for', 'while', 'switch', 'catch', 'describe', 'test', 'it', 'return', 'super']);
  const blocks: Block[] = [];
  for (const [index, line] of lines.entries()) {
    const match = head.exec(line);
    const name = match?.[2] ?? match?.[3] ?? match?.[4];
    if (match === null || name === undefined || notFunctions.has(name)) continue;
    const indent = match[1] ?? '';
    const opens = opening(lines.slice(index), indent);
    if (opens === null || (match[4] !== undefined && !(lines[index + opens] ?? '').endsWith('=> {'))) continue;
    const end = lines.slice(index + opens + 1).findIndex((text) => text.startsWith(`${indent}}`));
    if (end !== -1) blocks.push({ name, line: index + 1, length: opens + end + 2 });
  }
  return blocks.map((block) => ({ ...block, length: block.length - nestedLines(block, blocks) }));
}

/** Lines of the functions inside a function: a factory is as long as what it does itself. */
function nestedLines(outer: Block, blocks: readonly Block[]): number {
  const last = outer.line + outer.length - 1;
  let covered = outer.line;
  let total = 0;
  for (const { line, length } of blocks) {
    if (line <= covered || line > last) continue;
    covered = line + length - 1;
    total += length;
  }
  return total;
}

/** How many lines down the body opens: on the head's own line, or where its parentheses close; null when there is no body. */
function opening([first = '', ...rest]: readonly string[], indent: string): number | null {
  if (/\{$/.test(first)) return /\({1,2}\{$/.test(first) || /=> \(\{$/.test(first) ? null : 0;
  if (!first.endsWith('(')) return null;
  const closes = rest.findIndex((text) => text.startsWith(`${indent})`) || !text.startsWith(indent));
  return closes !== -1 && / \{$/.test(rest[closes] ?? '') && !/\($|=> \(\{$/.test(rest[closes] ?? '')
    ? closes + 1
    : null;
}

/** Interfaces with the names of their methods. */
export function interfacesOf({ lines }: SourceFile): { readonly name: string; readonly methods: readonly string[] }[] {
  const text = lines.join('\n');
  return [...text.matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => ({
    name: name ?? '',
    methods: [...(body ?? '').matchAll(/^ {2}(\w+)(?:<[^>]*>)?\(/gm)].map(([, method]) => method ?? ''),
  }));
}
