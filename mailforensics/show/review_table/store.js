// What the page knows: rows, what stands about each, and what is not saved yet.

const ANSWER_MILLISECONDS = 3000;
const NO_ANSWER =
  "NOT SAVED yet: the kernel has not answered. If a cell is running, wait: the decision is " +
  "written when it ends. If the kernel was restarted or stopped, run the cell that shows this " +
  "table again; everything that was saved is still there.";
const VERBS = { approve: "approved", reject: "rejected", undo: "undone" };

class Store extends EventTarget {
  constructor(model) {
    super();
    this.model = model;
    this.client = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    this.number = 0;
    this.entries = new Map(); // network → the latest record, as Python describes it
    this.notes = new Map(); // network → {state: "saving" | "unsaved", text}
    this.pending = new Map(); // number → {message, timer}
    this.details = new Map(); // network → evidence
    this.preview = null;
    this.problems = [];
    this.reviewer = model.get("about").reviewer;
    this.takeRows();
    model.on("msg:custom", (message) => this.hear(message));
    model.on("change:table", () => {
      this.takeRows();
      this.tell("rows");
    });
    this.say({ kind: "hello" });
  }

  takeRows() {
    this.rows = rowsOf(JSON.parse(this.model.get("table")));
    this.byNetwork = new Map(this.rows.map((row) => [row.network, row]));
  }

  tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent("told", { detail: { kind, ...detail } }));
  }

  say(message) {
    try {
      this.model.send({ client: this.client, ...message });
    } catch (error) {
      console.warn("mailforensics: the kernel cannot be reached", error); // the timer tells
    }
  }

  /** approve, reject, or empty for undecided; a ban that has run out is undecided again. */
  verdict(network) {
    const entry = this.entries.get(network);
    return !entry || entry.verdict === "undo" || entry.over ? "" : entry.verdict;
  }

  counts() {
    const counts = { "": 0, approve: 0, reject: 0 };
    for (const row of this.rows) counts[this.verdict(row.network)] += 1;
    return counts;
  }

  /** Ask Python to record a verdict; nothing counts as saved before it answers. */
  decide(networks, verdict, { reason = "", until = "" } = {}) {
    const seen = {};
    for (const network of networks) seen[network] = this.entries.get(network)?.line || 0;
    this.number += 1;
    const words = { reason, until: verdict === "approve" ? until : "", reviewer: this.reviewer };
    this.post({ kind: "decide", number: this.number, verdict, networks, seen, ...words });
  }

  post(message) {
    clearTimeout(this.pending.get(message.number)?.timer);
    const timer = setTimeout(() => this.unanswered(message), ANSWER_MILLISECONDS);
    this.pending.set(message.number, { message, timer });
    this.note(message.networks, { state: "saving", text: "Saving …" });
    this.say(message);
  }

  note(networks, note) {
    for (const network of networks) {
      if (note) this.notes.set(network, { ...note });
      else this.notes.delete(network);
    }
    this.tell("entries", { networks });
  }

  unanswered(message) {
    if (!this.pending.has(message.number)) return;
    this.note(message.networks, { state: "unsaved", text: NO_ANSWER });
    this.tell("unsaved", { text: NO_ANSWER });
  }

  /** Send again what got no answer; Python takes a message it has already recorded only once. */
  retry() {
    for (const { message } of [...this.pending.values()]) this.post(message);
  }

  forget() {
    for (const { timer } of this.pending.values()) clearTimeout(timer);
    this.pending.clear();
    const networks = [...this.notes.keys()];
    this.notes.clear();
    this.tell("entries", { networks });
  }

  unsaved() {
    return [...this.notes.values()].filter((note) => note.state === "unsaved").length;
  }

  hear(message) {
    const changed = this.takeEntries(message);
    if (message.problems) this.problems = message.problems;
    if (message.kind === "saved" || message.kind === "refused") this.settle(message);
    if (message.kind === "detail") {
      this.details.set(message.network, message);
      this.tell("detail", { network: message.network });
    }
    if (message.kind === "preview") {
      this.preview = message;
      this.tell("preview");
    }
    if (message.kind === "failed" && message.client === this.client) this.tell("failed", message);
    if (changed.length || message.kind === "standing") this.tell("entries", { networks: changed });
  }

  takeEntries(message) {
    if (message.whole) this.entries.clear();
    const entries = Object.entries(message.entries || {});
    for (const [network, entry] of entries) {
      if (entry === null) this.entries.delete(network);
      else this.entries.set(network, entry);
    }
    return entries.map(([network]) => network);
  }

  settle(message) {
    if (message.client !== this.client || !this.pending.has(message.number)) return;
    const { message: asked, timer } = this.pending.get(message.number);
    clearTimeout(timer);
    this.pending.delete(message.number);
    const refused = message.kind === "refused";
    this.note(asked.networks, refused ? { state: "unsaved", text: message.problem } : null);
    this.tell(message.kind, { asked, text: message.problem });
  }
}

/** Columns of equal length → one object a row. */
function rowsOf(columns) {
  const names = Object.keys(columns);
  return columns.network.map((_, place) => {
    const row = {};
    for (const name of names) row[name] = columns[name][place];
    return row;
  });
}

const stores = new WeakMap();

/** One store a model: two views of one widget show the same. */
function storeOf(model) {
  if (!stores.has(model)) stores.set(model, new Store(model));
  return stores.get(model);
}
