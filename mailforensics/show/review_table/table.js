// The widget: one grid with everything around it, driven by mouse, keys and Python's answers.

const HEADS = ["Network", "What it did", "Who else is there", "Suggestion", "Decision"];
const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);
const DECIDING = new Set(["a", "r", "u"]);
const NO_DAY = "Choose the last day of the ban first, or another length.";
let tables = 0;

class ReviewTable {
  constructor(model, element) {
    tables += 1;
    this.id = tables;
    this.store = storeOf(model);
    this.view = new View(this.store);
    this.defaults = { reason: "", until: "90" };
    this.drafts = new Map(); // network → {reason, until} as typed so far
    this.build(element);
    this.listener = (event) => this.hear(event.detail);
    this.store.addEventListener("told", this.listener);
    this.draw();
  }

  build(element) {
    this.root = h("div", { class: "mf-review", tabindex: -1, "data-lm-suppress-shortcuts": "true" });
    this.tools = renderTools(this);
    this.status = h("div", { class: "mf-status", role: "status", "aria-live": "polite" });
    this.alarm = h("div", { role: "alert" });
    this.bulk = h("div", {});
    this.help = h("div", {});
    this.preview = h("div", {});
    this.body = h("tbody", { role: "rowgroup" });
    this.pager = h("div", { class: "mf-line mf-pager" });
    const heads = HEADS.map((text) => h("th", { role: "columnheader", scope: "col" }, text));
    this.grid = h(
      "table",
      { role: "grid", class: "mf-grid", "aria-label": "Networks to review" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row", "aria-rowindex": 1 }, heads)),
      this.body,
    );
    const parts = [this.tools, this.alarm, this.bulk, this.help, this.grid, this.pager, this.preview, this.status];
    this.root.append(...parts);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("focusin", (event) => this.follow(event));
    this.root.addEventListener("click", (event) => this.clicked(event));
    element.append(this.root);
  }

  destroy() {
    this.store.removeEventListener("told", this.listener);
  }

  // --- drawing -----------------------------------------------------------------------------

  draw({ focus = false } = {}) {
    this.drawn = this.view.page();
    const first = this.drawn * PAGE;
    const lines = this.view.onPage().flatMap((row, place) => this.lines(row, first + place));
    const nothing = h("tr", { role: "row" }, h("td", { role: "gridcell", colspan: 5 }, "No row fits this filter."));
    this.body.replaceChildren(...(lines.length ? lines : [nothing]));
    this.grid.setAttribute("aria-rowcount", this.view.rows.length + 1);
    this.pager.replaceChildren(...renderPager(this));
    fillCounts(this, this.tools.querySelector(".mf-counts"));
    if (focus) this.focusRow();
  }

  lines(row, place) {
    const opened = this.view.opened === row.network;
    return [renderRow(this, row, place), ...(opened ? [renderPane(this, row)] : [])];
  }

  /** Draw one row's decision anew; if the focus was on its buttons, the row takes it. */
  redraw(network) {
    const line = this.lineOf(network);
    if (!line) return;
    const held = line.contains(document.activeElement);
    redrawDecision(this, this.store.byNetwork.get(network), line);
    if (held) line.focus({ preventScroll: true });
  }

  /** Let a change leave the focus where it was: letters of a reason must not become keys. */
  holding(change) {
    const held = this.root.contains(document.activeElement) ? document.activeElement : null;
    const [start, end] = held?.type === "text" ? [held.selectionStart, held.selectionEnd] : [];
    change();
    if (!held || held.isConnected) return;
    const same = [...this.root.querySelectorAll(held.tagName)].find((one) => nameOf(one) === nameOf(held));
    if (!same) {
      this.focusRow();
      return;
    }
    same.focus({ preventScroll: true });
    if (start !== undefined) same.setSelectionRange(start, end);
  }

  lineOf(network) {
    return [...this.body.children].find((line) => line.dataset.network === network);
  }

  paneOf(network) {
    return [...this.body.children].find((line) => line.dataset.pane === network);
  }

  activeLine() {
    return this.view.row() && this.lineOf(this.view.row().network);
  }

  focusRow() {
    const line = this.activeLine();
    line?.focus({ preventScroll: true });
    line?.scrollIntoView({ block: "nearest" });
  }

  announce(text) {
    this.status.textContent = text;
  }

  /** Say something about the active row: there, and to a screen reader. */
  hint(text) {
    this.announce(text);
    this.unhint();
    this.activeLine()?.querySelector(".mf-decision").append(h("span", { class: "mf-note mf-hint" }, text));
  }

  unhint() {
    this.body.querySelectorAll(".mf-hint").forEach((one) => one.remove());
  }

  // --- what Python says --------------------------------------------------------------------

  hear(told) {
    this.holding(() => this.heard(told));
  }

  heard({ kind, ...told }) {
    if (kind === "rows") {
      this.view.update();
      this.draw();
      this.announce(`${count(this.view.rows.length, "row")} shown.`);
    } else if (kind === "entries") this.entriesChanged(told.networks);
    else if (kind === "detail") this.paneChanged(told.network);
    else if (kind === "preview") this.drawPreview();
    else if (kind === "saved") this.saved(told.asked);
    else if (kind === "refused" || kind === "unsaved") this.alarmWith(told.text);
    else if (kind === "failed") this.alarm.replaceChildren(h("div", { class: "mf-box" }, told.problem));
  }

  entriesChanged(networks) {
    const drawn = new Set(this.view.onPage().map((row) => row.network));
    networks.filter((network) => drawn.has(network)).forEach((network) => this.redraw(network));
    fillCounts(this, this.tools.querySelector(".mf-counts"));
    if (this.alarm.firstChild && !this.store.unsaved()) this.alarm.replaceChildren();
    if (this.store.problems.length) this.tellProblems();
  }

  tellProblems() {
    const [first, ...more] = this.store.problems;
    const rest = more.length ? ` (and ${more.length} more)` : "";
    this.announce(`Damaged lines in the journal: ${first}${rest}. No other line is affected.`);
  }

  saved(asked) {
    const what = asked.networks.length === 1 ? asked.networks[0] : count(asked.networks.length, "network");
    const undecided = count(this.store.counts()[""], "network");
    this.announce(`Saved: ${what} ${VERBS[asked.verdict]}. ${undecided} undecided.`);
    const written = asked.networks.filter((network) => network !== this.view.opened);
    written.forEach((network) => this.drafts.delete(network));
    if (this.previewing) this.askPreview();
  }

  alarmWith(text) {
    if (this.store.unsaved()) this.alarm.replaceChildren(renderBanner(this, text));
  }

  paneChanged(network) {
    this.paneOf(network)?.replaceWith(renderPane(this, this.store.byNetwork.get(network)));
  }

  // --- what the reviewer does --------------------------------------------------------------

  act(what, network) {
    this.activate(this.view.rows.findIndex((row) => row.network === network));
    if (what === "evidence") this.toggle(network);
    else this.quick(what);
  }

  activate(place, { focus = false } = {}) {
    const before = this.activeLine();
    const page = this.drawn;
    this.unhint();
    this.view.active = Math.max(0, place);
    if (this.view.page() !== page) return this.draw({ focus });
    if (before) markRow(before, false);
    if (this.activeLine()) markRow(this.activeLine(), true);
    if (focus) this.focusRow();
    return undefined;
  }

  move(steps) {
    const before = this.view.active;
    this.view.move(steps);
    const place = this.view.active;
    this.view.active = before;
    this.activate(place, { focus: true });
  }

  turn(pages) {
    this.view.active = Math.min(Math.max(0, (this.view.page() + pages) * PAGE), Math.max(0, this.view.rows.length - 1));
    this.draw({ focus: true });
  }

  nextUndecided() {
    if (this.view.nextUndecided()) this.draw({ focus: true });
    else this.announce("Every row of this filter is decided.");
  }

  look(changes) {
    Object.assign(this.view, changes);
    this.view.update();
    this.bulk.replaceChildren(); // it asked about the rows that were shown
    this.draw();
    this.announce(`${count(this.view.rows.length, "row")} shown.`);
  }

  /** What was typed about a network; what was not is as for all. */
  draftOf(network) {
    if (!this.drafts.has(network)) this.drafts.set(network, Object.create(this.defaults));
    return this.drafts.get(network);
  }

  /** One key: decide the active row at once, unless it is protected or needs a reason. */
  quick(verdict) {
    const row = this.view.row();
    if (!row) return;
    if (verdict === "approve" && row.forbidden) {
      this.focusRow();
      this.hint(`${row.network} cannot be approved: ${row.forbidden}`);
      return;
    }
    const stands = (this.store.entries.get(row.network)?.verdict || "undo") !== "undo";
    if (verdict === "undo" && !stands && !this.store.isPending(row.network)) {
      this.focusRow();
      this.hint(`${row.network} is undecided; there is nothing to undo.`);
      return;
    }
    this.decide(verdict, row.network, this.drafts.get(row.network) || this.defaults);
  }

  decide(verdict, network, words) {
    const row = this.store.byNetwork.get(network);
    if (verdict === "approve" && row.dangers.length && words.reason.trim().length < 3) {
      this.write(network);
      this.hint(`Approving ${network} needs a reason: ${row.dangers.join("; ")}`);
      return;
    }
    if (verdict === "approve" && words.until === NO_DATE) {
      this.hint(NO_DAY);
      return;
    }
    this.store.decide([network], verdict, words);
    if (this.view.opened === network) this.close();
    if (verdict === "undo") this.focusRow();
    else this.move(1);
  }

  toggle(network) {
    if (this.view.opened === network) this.close();
    else this.open(network);
  }

  open(network) {
    this.view.opened = network;
    this.store.say({ kind: "open", network });
    this.draw({ focus: true });
    this.paneOf(network)?.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.view.opened = "";
    this.draw({ focus: true });
  }

  /** Open the evidence with the cursor in the reason. */
  write(network) {
    if (this.view.opened !== network) this.open(network);
    this.paneOf(network)?.querySelector(".mf-reason").focus();
  }

  split(network, into) {
    this.store.say({ kind: "split", network, into });
  }

  askBulk(verdict) {
    this.bulk.replaceChildren(renderBulk(this, verdict, this.view.bulk(verdict)));
    this.bulk.querySelector("input, button").focus();
  }

  /** Decide on all that are still undecided: some may have been decided since it was asked. */
  decideMany(verdict, networks, words) {
    if (verdict === "approve" && words.until === NO_DATE) {
      this.announce(NO_DAY);
      this.alarm.replaceChildren(h("div", { class: "mf-box" }, NO_DAY));
      return;
    }
    const isOpen = (network) => !this.store.verdict(network) && !this.store.isPending(network);
    const open = networks.filter(isOpen);
    if (open.length) this.store.decide(open, verdict, words);
    else this.announce("Every one of them is decided by now.");
    this.closeBulk();
  }

  closeBulk() {
    this.bulk.replaceChildren();
    this.focusRow();
  }

  refresh() {
    this.store.say({ kind: "refresh" });
    this.announce("Reading the journal again.");
  }

  toggleHelp() {
    const shown = this.help.firstChild;
    this.help.replaceChildren(...(shown ? [] : [renderHelp()]));
  }

  togglePreview() {
    this.previewing = !this.previewing;
    this.drawPreview();
    if (this.previewing) this.askPreview();
  }

  askPreview() {
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => this.store.say({ kind: "preview" }), 150);
  }

  drawPreview() {
    this.preview.replaceChildren(...(this.previewing ? [renderPreview(this.store.preview)] : []));
  }

  // --- keys --------------------------------------------------------------------------------

  key(event) {
    event.stopPropagation(); // or the notebook would take d, d for "delete cells"
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.escape();
      return;
    }
    if (TYPING.has(event.target.tagName)) return;
    const pressed = event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " ");
    const act = pressed ? undefined : this.keys()[event.key];
    if (!act) return;
    event.preventDefault();
    if (DECIDING.has(event.key) && !this.isLookedAt(event)) return;
    act();
  }

  /** May a key decide? One press takes one row, and only the row where the focus is. */
  isLookedAt(event) {
    if (event.repeat) {
      this.hint("One press decides one row: let the key go first.");
      return false;
    }
    if (this.body.contains(event.target)) return true;
    this.focusRow();
    if (this.view.row()) this.hint(`The key acts on ${this.view.row().network}: press it again.`);
    return false;
  }

  /** The row that has the focus, or whose evidence has it, is the row that the keys act on. */
  follow(event) {
    const line = event.target.closest("[data-network], [data-pane]");
    const network = line && (line.dataset.network || line.dataset.pane);
    if (!network || network === this.view.row()?.network) return;
    this.activate(this.view.rows.findIndex((row) => row.network === network));
  }

  /** A click on plain text would leave the keys to the notebook; on evidence it means its row. */
  clicked(event) {
    const held = document.activeElement;
    if (held !== this.root && this.root.contains(held)) return;
    const pane = event.target.closest("[data-pane]");
    (pane ? this.lineOf(pane.dataset.pane) : this.root).focus({ preventScroll: true });
  }

  keys() {
    const row = this.view.row();
    const last = this.view.rows.length;
    return {
      j: () => this.move(1),
      ArrowDown: () => this.move(1),
      k: () => this.move(-1),
      ArrowUp: () => this.move(-1),
      Home: () => this.move(-last),
      End: () => this.move(last),
      "[": () => this.turn(-1),
      "]": () => this.turn(1),
      PageUp: () => this.move(-10),
      PageDown: () => this.move(10),
      a: () => this.quick("approve"),
      r: () => this.quick("reject"),
      u: () => this.quick("undo"),
      e: () => row && this.toggle(row.network),
      Enter: () => row && this.toggle(row.network),
      w: () => row && this.write(row.network),
      n: () => this.nextUndecided(),
      p: () => this.togglePreview(),
      g: () => this.refresh(),
      "/": () => this.tools.querySelector(".mf-search").focus(),
      "?": () => this.toggleHelp(),
    };
  }

  escape() {
    if (this.help.firstChild) this.toggleHelp();
    else if (this.bulk.firstChild) this.closeBulk();
    else if (this.view.opened && !TYPING.has(document.activeElement.tagName)) this.close();
    else this.focusRow();
  }
}

/** What a control is known by, however often it is drawn anew. */
function nameOf(element) {
  return element.getAttribute("aria-label") || element.dataset.network || element.textContent;
}

export default {
  render({ model, el }) {
    const table = new ReviewTable(model, el);
    return () => table.destroy();
  },
};
