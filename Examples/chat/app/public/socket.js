// A client of Socket.IO's protocol 5 (Engine.IO 4): websocket, else polling; events, acknowledgements,
// reconnection. Text only; the namespace is "/".
//
//     const socket = io('/', { query: { room: 'demo' } });
//     socket.on('connect', () => socket.emit('hello', 1, (answer) => …));

const DEFAULTS = {
  path: '/socket.io/', query: {}, auth: undefined, transports: ['websocket', 'polling'],
  reconnection: true, reconnectionDelay: 500, reconnectionDelayMax: 5000, ackTimeout: 10000,
};
const LEAVE = '41';
const TEXT = { 'Content-Type': 'text/plain;charset=UTF-8' };

/// A transport calls `packet(text)` for each packet and `close(reason)` once. It has `send`, and `close`,
/// to which a last packet may be given.
const transports = {
  websocket(url, { packet, close }) {
    const socket = new WebSocket(url.href.replace(/^http/, 'ws'));
    socket.onmessage = (event) => packet(event.data);
    socket.onclose = () => close('transport close');
    return {
      send: (text) => { if (socket.readyState === WebSocket.OPEN) socket.send(text); },
      close: (last) => {
        if (last && socket.readyState === WebSocket.OPEN) socket.send(last);
        socket.close();
      },
    };
  },

  polling(url, { packet, close }) {
    const aborting = new AbortController();
    let isOver = false;
    let waiting = [];
    let isPosting = false;

    const end = (reason, last) => {
      if (isOver) return;
      isOver = true;
      if (last && url.searchParams.has('sid')) {
        // Outlives the page, and the server then answers the request that waits.
        const body = [...waiting, last, '1'].join('\x1e');
        fetch(url, { method: 'POST', headers: TEXT, body, keepalive: true }).catch(() => {});
      } else {
        aborting.abort();
      }
      close(reason);
    };
    const ask = async (options) => {
      const response = await fetch(url, { ...options, cache: 'no-store', signal: aborting.signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return response.text();
    };
    const poll = async () => {
      while (!isOver) {
        for (const text of (await ask()).split('\x1e')) {
          if (isOver) return;
          if (text[0] === '0') url.searchParams.set('sid', JSON.parse(text.slice(1)).sid);
          packet(text);
        }
      }
    };
    // One POST at a time, or packets would overtake each other.
    const post = async () => {
      if (isPosting) return;
      isPosting = true;
      while (waiting.length > 0 && !isOver) {
        const body = waiting.splice(0, 8).join('\x1e');
        await ask({ method: 'POST', headers: TEXT, body });
      }
      isPosting = false;
    };
    poll().catch(() => end('transport error'));
    return {
      send: (text) => { waiting.push(text); post().catch(() => end('transport error')); },
      close: (last) => end('transport close', last),
    };
  },
};

class Socket {
  constructor(address, options) {
    this.options = { ...DEFAULTS, ...options };
    this.url = new URL(this.options.path, new URL(address, location.href));
    this.handlers = new Map();
    this.acks = new Map();
    this.outgoing = []; // said while there was no connection
    this.lastAck = 0;
    this.attempts = 0;
    this.choice = 0; // which of the transports
    // The server need not wait for a ping to see that the page is gone.
    addEventListener('pagehide', () => this.link?.engine.close(LEAVE));
    this.connect();
  }

  /// Also after `disconnect()`.
  connect() {
    if (this.link) return this;
    clearTimeout(this.retry);
    this.isWanted = true;
    this.incoming = []; // came before the server said that we are in
    const name = this.options.transports[this.choice];
    const url = new URL(this.url);
    for (const [key, value] of Object.entries(this.options.query)) url.searchParams.set(key, value);
    url.searchParams.set('EIO', '4');
    url.searchParams.set('transport', name);
    const link = { transport: name, isOpen: false };
    this.link = link;
    // What a transport says after it was given up is nobody's business.
    const mine = (action) => (value) => { if (this.link === link) action(value); };
    link.engine = transports[name](url, {
      packet: mine((text) => this.take(text)),
      close: mine((reason) => this.lost(reason)),
    });
    return this;
  }

  /// Leaves, and does not come back by itself.
  disconnect() {
    this.isWanted = false;
    clearTimeout(this.retry);
    this.lost('io client disconnect', LEAVE);
    return this;
  }

  on(event, handler) {
    if (!this.handlers.has(event)) this.handlers.set(event, new Set());
    this.handlers.get(event).add(handler);
    return this;
  }

  off(event, handler) {
    if (handler) this.handlers.get(event)?.delete(handler); else this.handlers.delete(event);
    return this;
  }

  /// A function at the end is called with the answer. Without a connection the event waits for one.
  emit(event, ...args) {
    let id = '';
    if (typeof args.at(-1) === 'function') {
      id = this.lastAck++;
      this.acks.set(id, args.pop());
    }
    const packet = `42${id}${JSON.stringify([event, ...args])}`;
    if (this.connected) this.link.engine.send(packet); else this.outgoing.push(packet);
    return this;
  }

  /// The answer, or an error when none comes in `ackTimeout` milliseconds.
  emitWithAck(event, ...args) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('operation has timed out')),
        this.options.ackTimeout);
      this.emit(event, ...args, (answer) => { clearTimeout(timer); resolve(answer); });
    });
  }

  get connected() { return this.id !== undefined; }
  get transport() { return this.link?.transport; }

  // A packet of Engine.IO.
  take(text) {
    const { engine } = this.link;
    this.alive();
    switch (text[0]) {
      case '0': {
        const { pingInterval, pingTimeout } = JSON.parse(text.slice(1));
        this.link.isOpen = true;
        this.link.patience = pingInterval + pingTimeout;
        this.alive();
        engine.send(`40${this.options.auth ? JSON.stringify(this.options.auth) : ''}`);
        break;
      }
      case '1': this.lost('transport close'); break;
      case '2': engine.send('3'); break;
      case '4': this.message(text.slice(1)); break;
    }
  }

  // A packet of Socket.IO: type, number of the acknowledgement, JSON.
  message(text) {
    const [, type, id, json] = /^(\d)(\d*)(.*)$/s.exec(text) ?? [];
    const data = json ? JSON.parse(json) : undefined;
    switch (type) {
      case '0':
        this.id = data.sid;
        this.attempts = 0;
        this.tell('connect');
        this.incoming.splice(0).forEach((event) => this.event(...event));
        this.outgoing.splice(0).forEach((packet) => this.link?.engine.send(packet));
        break;
      case '1': this.isWanted = false; this.lost('io server disconnect'); break;
      case '2': if (this.connected) this.event(data, id); else this.incoming.push([data, id]); break;
      case '3': this.acks.get(Number(id))?.(...data); this.acks.delete(Number(id)); break;
      case '4':
        this.isWanted = false;
        this.tell('connect_error', new Error(data?.message));
        this.lost('io server disconnect');
        break;
    }
  }

  event([name, ...args], id) {
    if (id) args.push((...answer) => this.link?.engine.send(`43${id}${JSON.stringify(answer)}`));
    this.tell(name, ...args);
  }

  tell(event, ...args) {
    for (const handler of [...this.handlers.get(event) ?? []]) handler(...args);
  }

  // The server pings; when it does not, it is gone.
  alive() {
    clearTimeout(this.watch);
    if (this.link.patience) this.watch = setTimeout(() => this.lost('ping timeout'), this.link.patience);
  }

  lost(reason, last) {
    const { link } = this;
    if (!link) return;
    const wasConnected = this.connected;
    clearTimeout(this.watch);
    this.link = this.id = undefined;
    this.acks.clear(); // answers to what is gone do not come
    link.engine?.close(last);
    if (!link.isOpen) this.choice = (this.choice + 1) % this.options.transports.length;
    if (wasConnected) this.tell('disconnect', reason);
    else if (this.isWanted) this.tell('connect_error', new Error(reason));
    if (!this.isWanted || !this.options.reconnection) return;
    // At once with the next transport, else later each time, and not all clients together.
    const { reconnectionDelay, reconnectionDelayMax } = this.options;
    const hasOther = !link.isOpen && this.choice !== 0;
    const delay = Math.min(reconnectionDelayMax, reconnectionDelay * 2 ** this.attempts++);
    this.retry = setTimeout(() => this.connect(), hasOther ? 0 : delay * (0.5 + Math.random()));
  }
}

export const io = (address = '/', options = {}) => new Socket(address, options);
