'use strict';
// The routes of the comparison on Node's own http module: one process, no framework.
//
//     node node-http.js PORT

const http = require('node:http');

const port = Number(process.argv[2]);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  console.error('usage: node node-http.js PORT');
  process.exit(2);
}

const text = { 'content-type': 'text/plain; charset=utf-8' };
const json = { 'content-type': 'application/json; charset=utf-8' };

function answer(response, headers, body) {
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

// Ten asynchronous layers that do nothing but call the next, composed as Koa composes them.
const layers = Array.from({ length: 10 }, () => async (context, next) => {
  await next();
});

function compose(layers, last) {
  return (context) => {
    const enter = async (index) =>
      index === layers.length ? last(context) : layers[index](context, () => enter(index + 1));
    return enter(0);
  };
}

const layered = compose(layers, async (response) => answer(response, text, 'Hello, World!'));

function echo(request, response) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    try {
      answer(response, json, JSON.stringify(JSON.parse(Buffer.concat(parts).toString('utf8'))));
    } catch {
      response.writeHead(400).end();
    }
  });
}

const server = http.createServer((request, response) => {
  const path = request.url;
  if (path === '/plaintext') return answer(response, text, 'Hello, World!');
  if (path === '/json') return answer(response, json, JSON.stringify({ message: 'Hello, World!' }));
  if (path === '/mw') return layered(response);
  if (path === '/echo' && request.method === 'POST') return echo(request, response);
  if (path.startsWith('/user/')) return answer(response, text, decodeURIComponent(path.slice(6)));
  response.writeHead(404).end();
});

server.keepAliveTimeout = 600_000; // idle connections are held while memory is measured
server.listen(port, '127.0.0.1', 4096);
