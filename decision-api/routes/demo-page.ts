import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Problem } from '../../engines/http/problem.ts';

const folder = new URL('../demo-page/', import.meta.url);
const clipsFolder = fileURLToPath(new URL('clips/', folder));

/** What the page is made of. */
const pageFiles: Readonly<Record<string, string>> = {
  '': 'index.html',
  'page.css': 'page.css',
  'page.mjs': 'page.mjs',
  'play-ad.mjs': 'play-ad.mjs',
  'read-pod.mjs': 'read-pod.mjs',
  'calls.mjs': 'calls.mjs',
};
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
};

interface ClipRoute {
  Params: { readonly creative: string; readonly file: string };
}

/**
 * GET /demo/: a page that plays a pod. GET /demo/clips/<creative>/<seconds>s.<mp4 or webm>: a clip of that length; the creative is
 * in its name because two ads of a pod never share a file. `base`: how tracking URLs begin.
 */
export function demoPageRoutes(app: FastifyInstance, base: () => string): void {
  const clips = new Set(readdirSync(clipsFolder).filter((name) => /\.(?:mp4|webm)$/.test(name)));
  void app.register(fastifyStatic, { root: clipsFolder, serve: false });
  // Relative, for who serves us below a path of their own.
  app.get('/demo', (_request, reply) => reply.redirect('demo/', 302));
  for (const [path, file] of Object.entries(pageFiles)) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const type = types[file.slice(file.lastIndexOf('.') + 1)] ?? '';
    app.get(`/demo/${path}`, (_request, reply) => guard(reply, base()).type(type).send(text));
  }
  app.get<ClipRoute>('/demo/clips/:creative/:file', (request, reply) => {
    const { file } = request.params;
    if (!clips.has(file)) throw new Problem(404, 'Not found', 'there is no such clip');
    reply.header('x-content-type-options', 'nosniff');
    return reply.sendFile(file, { maxAge: '1d' });
  });
}

/** The page runs its own files alone, and speaks with nobody but us. */
function guard(reply: FastifyReply, base: string): FastifyReply {
  const own = URL.parse(base)?.origin;
  const us = own === undefined ? "'self'" : `'self' ${own}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src ${us}`,
    `media-src ${us}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return reply
    .header('content-security-policy', policy.join('; '))
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-cache');
}
