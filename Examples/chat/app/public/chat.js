// The page: one conversation with the room, and one with each person in it.

import { io } from './socket.js';

const find = (selector) => document.querySelector(selector);
const door = find('#enter');
const composer = find('#say');
const EVERYBODY = '';

let socket;
let own; // our id, also while the connection is lost; the event that private messages come as
let people = new Map(); // by id: the names of who is here
let talks = new Map(); // by id, or EVERYBODY: { name, lines, unread }
let current = EVERYBODY;
let writing = new Map(); // by id: when it was heard last
let toldTyping = 0; // when the others were told last

// MARK: the door

door.addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = new FormData(door);
  let room = form.get('room');
  try {
    if (room === '') room = await open(form.get('fresh').trim());
    enter(room, form.get('name').trim());
  } catch (error) {
    refuse(error.message);
  }
});

door.querySelector('button').disabled = false;

// Typing into the field for a new room chooses it.
door.elements.fresh.addEventListener('focus', () => {
  door.querySelector('[name="room"][value=""]').checked = true;
});

async function open(name) {
  if (!name) throw new Error('Give the new room a name.');
  const response = await fetch('/rooms', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ name }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message ?? `The room was not made: ${response.status}`);
  return answer.name;
}

function refuse(message) {
  find('#chat').hidden = true;
  find('#door').hidden = false;
  find('#refusal').textContent = message;
  find('#refusal').hidden = false;
}

// MARK: the connection

function enter(room, name) {
  people = new Map();
  talks = new Map([[EVERYBODY, { name: `# ${room}`, lines: [], unread: 0 }]]);
  current = EVERYBODY;
  find('#refusal').hidden = true;
  find('#door').hidden = true;
  find('#chat').hidden = false;
  find('#room').textContent = room;
  document.title = `${room} · Chat`;
  history.replaceState(null, '', `?${new URLSearchParams({ room, name })}${location.hash}`);

  // For trying things out: /?room=demo&name=Ada#transports=polling
  const choice = new URLSearchParams(location.hash.slice(1)).get('transports');
  socket = io('/', { query: { room, userId: name }, ...(choice && { transports: [choice] }) });
  window.socket = socket; // for the console

  socket.on('connect', () => {
    if (own) socket.off(own);
    own = socket.id;
    socket.on(own, privately);
    draw();
  });
  socket.on('online', online);
  socket.on('broadcast', ({ data, meta }) => {
    if (meta.client !== own) hear(EVERYBODY, meta.client, data.payload.msg, meta.timestamp);
  });
  socket.on('typing', (id) => {
    writing.set(id, Date.now());
    drawTyping();
    setTimeout(drawTyping, 3100);
  });
  socket.on('disconnect', draw);
  socket.on('connect_error', draw);
  draw();
  composer.elements.text.focus();
}

find('#leave').addEventListener('click', () => {
  socket.disconnect();
  location.assign('/');
});

/// Where messages to our own id come.
function privately({ data, meta }) {
  if (data.action === 'deny') {
    socket.disconnect();
    return refuse(data.payload.message);
  }
  hear(meta.client, meta.client, data.payload.msg, meta.timestamp);
}

function online(news) {
  const before = people;
  people = new Map(news.people.map(({ id, name }) => [id, name])
    .sort(([, one], [, other]) => one.localeCompare(other)));
  for (const [id, name] of people) {
    if (id !== own && !before.has(id) && before.size > 0) note(`${name} came in`);
    if (talks.has(id)) talks.get(id).name = name;
  }
  for (const [id, name] of before) {
    if (!people.has(id)) { note(`${name} left`); writing.delete(id); }
  }
  draw();
}

// MARK: what is said

function talk(id) {
  if (!talks.has(id)) talks.set(id, { name: people.get(id) ?? 'somebody', lines: [], unread: 0 });
  return talks.get(id);
}

function add(id, line) {
  const { lines } = talk(id);
  lines.push(line);
  if (lines.length > 500) lines.shift();
  return line;
}

function note(text) { add(EVERYBODY, { text, isNote: true }); }

function hear(id, from, text, timestamp) {
  add(id, { text, from, name: people.get(from) ?? talks.get(from)?.name ?? 'somebody', timestamp });
  if (id !== current || document.hidden) talk(id).unread += 1;
  writing.delete(from);
  draw();
}

async function say(text) {
  const target = current;
  const line = add(target, { text, isMine: true, timestamp: Date.now() });
  draw();
  const payload = { msg: text };
  try {
    const answer = target === EVERYBODY
      ? await socket.emitWithAck('broadcast', { payload })
      : await socket.emitWithAck('exchange', { target, payload });
    line.failure = answer.error;
  } catch {
    line.failure = 'No answer; it may not have arrived.';
  }
  if (line.failure) draw();
}

composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = composer.elements.text.value.trim();
  if (text) say(text);
  composer.reset();
  toldTyping = 0;
});

composer.elements.text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

composer.elements.text.addEventListener('input', () => {
  if (current !== EVERYBODY || !socket.connected || Date.now() - toldTyping < 2000) return;
  toldTyping = Date.now();
  socket.emit('typing');
});

document.addEventListener('visibilitychange', () => { if (!document.hidden && socket) draw(); });

// MARK: drawing

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function face(id, name) {
  const element = make('span', { className: 'face', textContent: [...name][0]?.toUpperCase() ?? '?' });
  // FNV-1a: similar names get other colours.
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  element.style.setProperty('--hue', (hash >>> 8) % 360);
  element.ariaHidden = 'true';
  return element;
}

function draw() {
  if (!document.hidden) talk(current).unread = 0;
  drawTalks();
  drawLines();
  drawTyping();
  const { connected } = socket;
  find('#state').textContent = connected ? `connected by ${socket.transport}` : 'connecting …';
  find('#state').classList.toggle('on', connected);
}

function drawTalks() {
  const entry = (id, name, picture) => {
    const unread = talks.get(id)?.unread ?? 0;
    const button = make('button', { type: 'button' }, picture, make('span', { className: 'name', textContent: name }));
    if (unread > 0) button.append(make('span', { className: 'unread', textContent: unread }));
    if (id === current) button.ariaCurrent = 'true';
    button.dataset.id = id;
    button.addEventListener('click', () => {
      current = id;
      draw();
      composer.elements.text.focus();
    });
    return button;
  };
  const others = [...people].filter(([id]) => id !== own);
  const gone = [...talks].filter(([id]) => id !== EVERYBODY && !people.has(id) && id !== own);
  const me = people.get(own);
  find('#talks').replaceChildren(
    entry(EVERYBODY, 'Everybody', face('', '#')),
    make('h3', { textContent: `${people.size} here` }),
    ...(me === undefined ? []
      : [make('button', { type: 'button', disabled: true }, face(own, me),
        make('span', { className: 'name', textContent: `${me} (you)` }))]),
    ...others.map(([id, name]) => entry(id, name, face(id, name))),
    ...(gone.length > 0 ? [make('h3', { textContent: 'Gone' })] : []),
    ...gone.map(([id, { name }]) => entry(id, name, face(id, name))),
  );
}

function drawLines() {
  const { name, lines } = talk(current);
  const isPrivate = current !== EVERYBODY;
  find('#title').textContent = name;
  find('#subtitle').textContent = isPrivate ? 'Only the two of you' : [...people.values()].join(', ');
  composer.elements.text.placeholder = isPrivate ? `To ${name} alone` : 'To everybody';
  const list = find('#lines');
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const isSame = list.dataset.talk === current;
  if (!isSame) list.replaceChildren();
  list.dataset.talk = current;
  const drawn = lines.map((line, place) => lineElement(line, lines[place - 1]));
  list.replaceChildren(...(drawn.length > 0 ? drawn
    : [make('li', { className: 'empty', textContent: 'Nothing has been said yet.' })]));
  if (wasAtEnd || !isSame) list.scrollTop = list.scrollHeight;
}

function lineElement(line, previous) {
  // What is drawn once stays, so that it does not rise again.
  if (line.element && line.drawnFailure === line.failure) return line.element;
  line.drawnFailure = line.failure;
  if (line.isNote) {
    line.element = make('li', { className: 'note', textContent: line.text });
    return line.element;
  }
  const isFirst = !previous || previous.isNote || previous.from !== line.from;
  const time = new Date(line.timestamp).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const body = make('div');
  if (isFirst) body.append(make('p', { className: 'who', textContent: `${line.name ?? ''} ${time}`.trim() }));
  body.append(make('div', { className: 'text', textContent: line.text, title: line.failure ?? time }));
  if (line.failure) body.append(make('p', { className: 'why', textContent: line.failure }));
  const name = line.isMine ? 'mine' : 'theirs';
  const classes = [name, isFirst && 'first', line.failure && 'failed'].filter(Boolean).join(' ');
  line.element = make('li', { className: classes }, face(line.from, line.name ?? ''), body);
  return line.element;
}

function drawTyping() {
  const names = [...writing].filter(([id, at]) => Date.now() - at < 3000 && people.has(id))
    .map(([id]) => people.get(id));
  const isShown = current === EVERYBODY && names.length > 0;
  find('#typing').textContent = isShown
    ? `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} writing …` : '';
}

// An address with both leads straight in, so that a reload stays and a link can be sent.
const address = new URLSearchParams(location.search);
if (address.get('name')) door.elements.name.value = address.get('name');
if (address.get('room') && address.get('name')) enter(address.get('room'), address.get('name'));
