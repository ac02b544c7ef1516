// What the page knows: rows, what stands about each, and what is not saved yet.

const ANSWER_MILLISECONDS = 3000;
// JupyterLab's server holds the answer back (Nagle's algorithm) until the page has acknowledged the
// small packet before it, up to 40 ms later; whatever the page sends carries that acknowledgement.
const NUDGE_MILLISECONDS = 16;
const FLICKER_MILLISECONDS = 150; // an answer sooner than this needs no "Saving …" before it
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
    this.pending = new Map(); // number → {message, timers}
    this.details = new Map(); // network → evidence
    this.preview = null;
    this.problems = [];
    this.reviewer = this.remembered() || model.get("about").reviewer;
    this.takeRows();
    model.on("msg:custom", (message) => this.hear(message));
    model.on("change:table", () => {
      this.takeRows();
      this.tell("rows");
    });
    this.say({ kind: "hello" });
  }

  /** The name that was typed in this tab stays through a reload, for this journal. */
  remembered() {
    try {
      return sessionStorage.getItem(this.nameKey());
    } catch {
      return ""; // a browser that keeps nothing
    }
  }

  rename(name) {
    this.reviewer = name;
    try {
      sessionStorage.setItem(this.nameKey(), name);
    } catch {
      // it is asked again after a reload
    }
  }

  nameKey() {
    const { journal, reviewer } = this.model.get("about");
    return `mailforensics reviewer of ${journal} given ${reviewer}`;
  }

  takeRows() {
    this.rows = rowsOf(JSON.parse(this.model.get("table")));
    this.byNetwork = new Map(this.rows.map((row) => [row.network, row]));
    this.counted = null;
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
    if (!this.counted) {
      this.counted = { "": 0, approve: 0, reject: 0 };
      for (const row of this.rows) this.counted[this.verdict(row.network)] += 1;
    }
    return this.counted;
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
    if (!this.mustWait(message)) this.say(message); // before it is drawn: Python works meanwhile
    this.stopWaiting(message.number);
    const saving = { state: "saving", text: "Saving …" };
    const timers = [
      setTimeout(() => this.say({ kind: "nudge" }), NUDGE_MILLISECONDS),
      setTimeout(() => this.note(message.networks, saving), FLICKER_MILLISECONDS),
      setTimeout(() => this.unanswered(message), ANSWER_MILLISECONDS),
    ];
    this.pending.set(message.number, { message, timers });
  }

  /** Decisions about one network go one after the other: Python may take up two at once. */
  mustWait(message) {
    const before = [...this.pending.values()].filter((one) => one.message.number < message.number);
    return before.some((one) => one.message.networks.some((network) => network in message.seen));
  }

  isPending(network) {
    return [...this.pending.values()].some(({ message }) => network in message.seen);
  }

  /** Send what waited for a decision that is saved now; its record, and no other, was expected. */
  sendNext(saved) {
    for (const { message } of [...this.pending.values()]) {
      const same = saved.networks.filter((network) => network in message.seen);
      for (const network of same) {
        const entry = this.entries.get(network);
        const own = entry?.verdict === saved.verdict && entry.reviewer === saved.reviewer;
        if (own) message.seen[network] = entry.line;
      }
      if (same.length) this.post(message);
    }
  }

  /** A decision that was to follow a refused one is refused too: nobody saw what stands now. */
  refuseNext(refused, problem) {
    for (const { message } of [...this.pending.values()]) {
      if (!refused.networks.some((network) => network in message.seen)) continue;
      this.stopWaiting(message.number);
      this.note(message.networks, { state: "unsaved", text: problem });
    }
  }

  stopWaiting(number) {
    this.pending.get(number)?.timers.forEach(clearTimeout);
    this.pending.delete(number);
  }

  note(networks, note) {
    for (const network of networks) this.notes.set(network, { ...note });
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
    for (const number of [...this.pending.keys()]) this.stopWaiting(number);
    const networks = [...this.notes.keys()];
    this.notes.clear();
    this.tell("entries", { networks });
  }

  unsaved() {
    return [...this.notes.values()].filter((note) => note.state === "unsaved").length;
  }

  hear(message) {
    const asked = this.settle(message);
    const changed = [...new Set([...this.takeEntries(message), ...(asked ? asked.networks : [])])];
    if (message.problems) this.problems = message.problems;
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
    if (asked && message.kind === "refused") this.refuseNext(asked, message.problem);
    if (asked) this.tell(message.kind, { asked, text: message.problem });
    if (asked && message.kind === "saved") this.sendNext(asked);
  }

  takeEntries(message) {
    this.counted = null;
    if (message.whole) this.entries.clear();
    const entries = Object.entries(message.entries || {});
    for (const [network, entry] of entries) {
      if (entry === null) this.entries.delete(network);
      else this.entries.set(network, entry);
    }
    return entries.map(([network]) => network);
  }

  /** What this page had asked for and Python now answers, if the message is such an answer. */
  settle({ kind, client, number, problem }) {
    const mine = client === this.client && this.pending.has(number);
    if (!mine || (kind !== "saved" && kind !== "refused")) return null;
    const asked = this.pending.get(number).message;
    this.stopWaiting(number);
    for (const network of asked.networks) {
      if (kind === "refused") this.notes.set(network, { state: "unsaved", text: problem });
      else if (!this.isPending(network)) this.notes.delete(network);
    }
    return asked;
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
