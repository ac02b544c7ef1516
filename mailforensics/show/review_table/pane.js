// The evidence of one candidate, and the words that go with a decision about it.

const NO_DATE = "no date yet"; // a ban until a day that is still to be chosen; never sent
const REASONS = [
  "password guessing, nobody legitimate seen",
  "guessing from many addresses of one network",
  "relay attempts and probes only",
  "a customer or user lives there",
  "a monitoring service or scanner that we know",
  "too little evidence yet",
];

function renderPane(table, row) {
  const detail = table.store.details.get(row.network);
  const pane = h(
    "div",
    { class: "mf-pane", role: "region", "aria-label": `Evidence on ${row.network}` },
    h("div", { class: "mf-pane-left" }, wordsForm(table, row), factsBlock(row), sizeBlock(table, row, detail)),
    h("div", { class: "mf-pane-right" }, detail ? mapBlock(detail) : h("p", {}, "Loading the evidence …")),
    detail ? addressBlock(detail) : null,
    detail ? lineBlock(row, detail) : null,
    detail ? historyBlock(detail) : null,
  );
  const cell = h("td", { role: "gridcell", colspan: 5 }, pane);
  return h("tr", { role: "row", class: "mf-pane-row", "data-pane": row.network }, cell);
}

function wordsForm(table, row) {
  const draft = table.draftOf(row.network);
  const list = `mf-reasons-${table.id}`;
  const reason = h("input", {
    type: "text",
    class: "mf-reason",
    list,
    maxlength: 2000,
    "aria-label": `Reason for the decision on ${row.network}`,
    placeholder: row.dangers.length ? "Why is it right to ban it all the same?" : "Reason (optional)",
    value: draft.reason,
    oninput: () => {
      draft.reason = reason.value;
    },
  });
  const suggestions = h("datalist", { id: list }, REASONS.map((text) => h("option", { value: text })));
  const decide = (verdict) =>
    table.decide(verdict, row.network, { reason: draft.reason, until: draft.until });
  reason.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !row.forbidden) decide("approve");
  });
  return h(
    "div",
    { class: "mf-form" },
    row.forbidden
      ? h("p", { class: "mf-warn" }, "This network cannot be approved: ", quoted(row.forbidden), ".")
      : null,
    row.dangers.length
      ? h("div", { class: "mf-warn" }, "Approving it needs a reason:", h("ul", {}, row.dangers.map((text) => h("li", {}, quoted(text)))))
      : null,
    reason,
    suggestions,
    untilChoice(`Ban of ${row.network} lasts`, draft),
    h(
      "span",
      { class: "mf-buttons" },
      row.forbidden
        ? null
        : button("Approve with this reason", { class: "mf-yes", onclick: () => decide("approve") }),
      button("Reject with this reason", { class: "mf-no", onclick: () => decide("reject") }),
    ),
  );
}

/** The texts that the row had to cut short. */
function factsBlock(row) {
  return h(
    "dl",
    { class: "mf-facts" },
    h("dt", {}, "Suggestion"),
    h("dd", {}, `${WORDS[row.suggestion] || row.suggestion}: `, quoted(row.reasons)),
    h("dt", {}, "Who else is there"),
    h("dd", {}, quoted(row.collateral || "none seen")),
    row.already ? [h("dt", {}, "Rule"), h("dd", {}, quoted(row.already))] : null,
  );
}

/** How long a ban lasts: a number of days, a date, or for good. `draft.until` holds the answer. */
function untilChoice(label, draft, changed = () => {}) {
  const fixed = ["7", "30", "90", ""];
  const date = h("input", {
    type: "date",
    "aria-label": `${label} until this day`,
    min: new Date().toISOString().slice(0, 10),
    value: [...fixed, NO_DATE].includes(draft.until) ? "" : draft.until,
    onchange: () => {
      draft.until = date.value || NO_DATE;
      changed();
    },
  });
  const options = [
    ["7", "7 days"],
    ["30", "30 days"],
    ["90", "90 days"],
    ["date", "until a date …"],
    ["", "for good"],
  ];
  const chosen = fixed.includes(draft.until) ? draft.until : "date";
  const box = select(label, options, chosen, (value) => {
    date.hidden = value !== "date";
    draft.until = value === "date" ? date.value || NO_DATE : value;
    changed();
    if (value === "date") date.focus();
  });
  date.hidden = chosen !== "date";
  return h("span", { class: "mf-until" }, box, date);
}

function sizeBlock(table, row, detail) {
  if (!detail || !detail.sizes.length) return null;
  const line = (size) =>
    h(
      "tr",
      { class: size.role === "this" ? "mf-this" : "" },
      h("th", { scope: "row" }, h("code", {}, size.network)),
      h("td", {}, whole(size.attackers)),
      h("td", {}, whole(size.legit)),
      h("td", {}, whole(Math.round(size.attack_weight))),
    );
  return h(
    "div",
    {},
    h("h4", {}, "Why this size?"),
    h("ul", {}, detail.why.map((text) => h("li", {}, text))),
    h(
      "table",
      { class: "mf-plain" },
      h("thead", {}, h("tr", {}, ["network", "attackers", "legitimate", "attack weight"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, detail.sizes.map(line)),
    ),
    h(
      "span",
      { class: "mf-buttons" },
      detail.splits.halves
        ? button("Split into halves", { onclick: () => table.split(row.network, "halves") })
        : null,
      detail.splits.addresses
        ? button("Take single addresses", { onclick: () => table.split(row.network, "addresses") })
        : null,
    ),
  );
}

/** 256 cells, 16 by 16: who attacked and who is legitimate; shape and text besides colour. */
function mapBlock(detail) {
  const map = detail.map;
  if (!map.block) return h("p", { class: "mf-small" }, "A map is drawn for IPv4 only.");
  const most = Math.max(1, ...map.attack);
  const cells = [];
  for (let row = 0; row < 16; row += 1) {
    for (let column = 0; column < 16; column += 1) {
      cells.push(mapCell(map, row * 16 + column, most));
    }
  }
  const attackers = map.attack.filter((weight) => weight > 0).length;
  const legit = map.legit.filter((weight) => weight > 0).length;
  const each = map.each === 1 ? "one address a square" : `${whole(map.each)} addresses a square`;
  const label = `Map of ${map.block}, ${each}: ${attackers} attacked or were blocked, ${legit} with legitimate use`;
  return h(
    "figure",
    { class: "mf-map" },
    h("figcaption", {}, h("code", {}, map.block), ` · ${each}, in reading order`),
    h("svg", { viewBox: "0 0 16 16", role: "img", "aria-label": label }, cells),
    h(
      "span",
      { class: "mf-small mf-legend" },
      h("span", {}, h("i", { class: "mf-key-attack" }), `attacked or was blocked (${attackers})`),
      h("span", {}, h("i", { class: "mf-key-legit" }), `legitimate (${legit})`),
      h("span", {}, h("i", { class: "mf-key-none" }), "nothing seen"),
    ),
  );
}

function mapCell(map, place, most) {
  const attack = map.attack[place];
  const legit = map.legit[place];
  const inside = place >= map.begin && place < map.end;
  const kind = legit > 0 ? "legit" : attack > 0 ? "attack" : "none";
  const x = place % 16;
  const y = Math.floor(place / 16);
  const round = kind === "legit" ? 0.46 : 0.08;
  const cell = h("rect", {
    class: `mf-cell mf-cell-${kind} ${inside ? "" : "mf-outside"}`,
    x: x + 0.04,
    y: y + 0.04,
    width: 0.92,
    height: 0.92,
    rx: round,
  });
  if (kind === "attack") cell.setAttribute("fill-opacity", (0.4 + (0.6 * attack) / most).toFixed(2));
  return cell;
}

function addressBlock(detail) {
  if (!detail.addresses.length) return null;
  const heads = ["address", "name", "failed logins", "logins", "mail", "what it is"];
  const line = (found) =>
    h(
      "tr",
      { class: found.legit_weight > 0 ? "mf-used" : "" },
      h("th", { scope: "row", class: "mf-nowrap" }, h("code", {}, found.ip)),
      h("td", {}, quoted(found.host)),
      h("td", {}, whole(found.auth_failed)),
      h("td", {}, whole(found.auth_ok)),
      h("td", {}, whole(found.accepted)),
      h("td", {}, quoted([found.note, found.accounts && `accounts: ${found.accounts}`].filter(Boolean).join("; "))),
    );
  return h(
    "div",
    { class: "mf-wide" },
    h("h4", {}, "Addresses inside"),
    h(
      "table",
      { class: "mf-plain" },
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, detail.addresses.map(line)),
    ),
    detail.hidden ? h("p", { class: "mf-small" }, `and ${count(detail.hidden, "more address", "more addresses")}`) : null,
  );
}

function lineBlock(row, detail) {
  return h(
    "div",
    { class: "mf-wide" },
    h("h4", {}, detail.lines.length ? "Sample log lines" : "Where it stands in the log"),
    h(
      "ul",
      { class: "mf-lines" },
      detail.lines.map((line) =>
        h(
          "li",
          {},
          h("span", { class: "mf-where" }, quoted(line.where), ` ${line.time} `),
          h("code", {}, quoted(line.program), ": ", quoted(line.message)),
        ),
      ),
    ),
    row.evidence ? h("p", { class: "mf-small" }, "Evidence: ", quoted(row.evidence)) : null,
  );
}

function historyBlock(detail) {
  if (!detail.history.length) return null;
  const line = (record) =>
    h(
      "li",
      {},
      `${record.time.slice(0, 16)} UTC: ${record.verdict} by `,
      quoted(record.reviewer),
      record.until ? ` until ${record.until}` : "",
      record.reason ? [" — ", quoted(record.reason)] : "",
    );
  return h("div", { class: "mf-wide" }, h("h4", {}, "What was decided before"), h("ol", {}, detail.history.map(line)));
}
