// Which rows are looked at: filter, order, page, and the row that the keys act on.

const PAGE = 50;
const ORDERS = [
  ["attack_weight", "most attack first"],
  ["auth_failed", "most failed logins first"],
  ["attackers", "most addresses first"],
  ["last_seen", "last seen first"],
  ["legit", "most legitimate use first"],
  ["suggestion", "by suggestion"],
  ["network", "by network"],
];
const SUGGESTED = { approve: 0, look: 1, reject: 2 };

class View {
  constructor(store) {
    this.store = store;
    this.text = "";
    this.standing = "all"; // all, "" (undecided), approve, reject
    this.suggestion = "";
    this.order = "attack_weight";
    this.active = 0; // place in `rows` of the row that the keys act on
    this.opened = ""; // the network whose evidence is shown
    this.update();
  }

  /** Choose and sort anew; the active row stays active where it is still in view. */
  update() {
    const before = this.row()?.network;
    const rows = this.store.rows.filter((row) => this.fits(row));
    this.rows = rows.sort((a, b) => this.compare(a, b) || compareNetworks(a, b));
    const place = this.rows.findIndex((row) => row.network === before);
    this.active = Math.max(0, place);
  }

  fits(row) {
    if (this.suggestion && row.suggestion !== this.suggestion) return false;
    if (this.standing !== "all" && this.store.verdict(row.network) !== this.standing) return false;
    const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    return words.every((word) => holds(row, word));
  }

  compare(a, b) {
    if (this.order === "network") return 0;
    if (this.order === "suggestion") return SUGGESTED[a.suggestion] - SUGGESTED[b.suggestion];
    if (this.order === "last_seen") return a.last_seen < b.last_seen ? 1 : a.last_seen > b.last_seen ? -1 : 0;
    if (this.order === "legit") return b.legit_weight - a.legit_weight || b.accepted - a.accepted;
    return b[this.order] - a[this.order];
  }

  row() {
    return this.rows?.[this.active];
  }

  page() {
    return Math.floor(this.active / PAGE);
  }

  pages() {
    return Math.max(1, Math.ceil(this.rows.length / PAGE));
  }

  onPage() {
    return this.rows.slice(this.page() * PAGE, (this.page() + 1) * PAGE);
  }

  move(steps) {
    this.active = Math.min(Math.max(0, this.active + steps), Math.max(0, this.rows.length - 1));
  }

  /** Go to the next row, wrapping round, that nobody has decided; false when none is left. */
  nextUndecided() {
    for (let step = 1; step <= this.rows.length; step += 1) {
      const place = (this.active + step) % this.rows.length;
      if (!this.store.verdict(this.rows[place].network)) {
        this.active = place;
        return true;
      }
    }
    return false;
  }

  /** What a bulk decision would take: undecided rows of the filter that one may approve unread. */
  bulk(verdict) {
    const open = this.rows.filter((row) => !this.store.verdict(row.network));
    const plain = open.filter((row) => !row.forbidden && !row.dangers.length);
    const taken = verdict === "approve" ? plain : open;
    return { networks: taken.map((row) => row.network), left: open.length - taken.length };
  }
}

function holds(row, word) {
  const texts = [row.network, row.country, row.reasons, row.collateral, row.already, row.suggestion];
  return texts.some((text) => text.toLowerCase().includes(word)) || isInside(word, row);
}

/** Does an IPv4 address that was typed lie in the row's network? */
function isInside(word, row) {
  const address = ipv4(word);
  if (address === null || row.family !== 4) return false;
  const size = 2 ** (32 - row.size);
  const first = ipv4(row.network.split("/")[0]);
  return address >= first && address < first + size;
}

function ipv4(text) {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && part < 256)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function compareNetworks(a, b) {
  if (a.family !== b.family) return a.family - b.family;
  if (a.family === 4) {
    const [first, second] = [a, b].map((row) => ipv4(row.network.split("/")[0]));
    return first - second || a.size - b.size;
  }
  return a.network < b.network ? -1 : a.network > b.network ? 1 : 0;
}
